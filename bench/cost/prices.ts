import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';

const price = z.strictObject({
  service: z.string(),
  label: z.string(),
  /** One price, or steps: up to so many units a month, and what each costs `per` within the step; null is without end. */
  usd: z.union([
    z.number().nonnegative(),
    z.array(z.tuple([z.number().positive().nullable(), z.number()])).min(1),
  ]),
  per: z.number().positive(),
  source: z.url(),
  asOf: z.iso.date(),
  checked: z.enum(['list', 'published']),
});
export type Price = z.infer<typeof price>;
const priceList = z.strictObject({
  region: z.string(),
  currency: z.literal('USD'),
  about: z.string(),
  prices: z.record(z.string(), price),
});
export type PriceList = z.infer<typeof priceList>;

export const readPrices = (region = 'us-east-1'): PriceList =>
  priceList.parse(
    JSON.parse(readFileSync(join(import.meta.dirname, '..', 'prices', `${region}.json`), 'utf8')),
  );

/** What so many units of a month cost. */
export const costOf = ({ usd, per }: Price, units: number): number => {
  if (typeof usd === 'number') return (units * usd) / per;
  let [cost, below] = [0, 0];
  for (const [end, each] of usd) {
    const within = Math.max(0, Math.min(units, end ?? units) - below);
    cost += (within * each) / per;
    below = end ?? units;
  }
  return cost;
};
