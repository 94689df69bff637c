import { type MeterUnit, meterUnits, type Usage } from './meter.ts';

const unitNames = Object.keys(meterUnits) as MeterUnit[];

const combine = (of: (unit: MeterUnit, used: string) => number, ...usages: readonly Usage[]): Usage => {
  const result: Partial<Record<MeterUnit, Record<string, number>>> = {};
  for (const unit of unitNames) {
    const used = new Set(usages.flatMap((usage) => Object.keys(usage[unit] ?? {})));
    const amounts = [...used].map((name): [string, number] => [name, of(unit, name)]);
    const kept = amounts.filter(([, amount]) => amount !== 0);
    if (kept.length > 0) result[unit] = Object.fromEntries(kept);
  }
  return result;
};
const amount = (usage: Usage, unit: MeterUnit, used: string) => usage[unit]?.[used] ?? 0;

/** What was used between two readings of a meter: flows by their difference, levels as they are at the end. */
export const between = (before: Usage, after: Usage): Usage =>
  combine(
    (unit, used) =>
      amount(after, unit, used) - (meterUnits[unit] === 'flow' ? amount(before, unit, used) : 0),
    before,
    after,
  );

/** Flows times `factor`, which may differ by what used them; levels times `levels`. */
export const times = (usage: Usage, factor: number | ((used: string) => number), levels = 1): Usage =>
  combine((unit, used) => {
    const flow = typeof factor === 'number' ? factor : factor(used);
    return amount(usage, unit, used) * (meterUnits[unit] === 'flow' ? flow : levels);
  }, usage);

/** Flows added; of levels the larger. */
export const together = (...usages: readonly Usage[]): Usage =>
  combine(
    (unit, used) => {
      const all = usages.map((usage) => amount(usage, unit, used));
      return meterUnits[unit] === 'flow' ? all.reduce((sum, one) => sum + one, 0) : Math.max(...all);
    },
    ...usages,
  );

export const totalOf = (usage: Usage, unit: MeterUnit): number =>
  Object.values(usage[unit] ?? {}).reduce((sum, one) => sum + one, 0);
