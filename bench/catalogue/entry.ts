import * as z from 'zod';
import type { Findings, Watcher } from '../bench.ts';

type Shape = Readonly<Record<string, z.ZodType>>;
type Option = { readonly flag: string; readonly about: string };

/** One bench: what it is called, which page shows its figures, what it may be told, and how it is run. */
export type Entry = {
  readonly name: string;
  readonly page: 'loop.md' | 'telemetry.md' | 'control.md' | 'edge.md';
  readonly about: string;
  readonly options: readonly Option[];
  /** Throws ZodError on options that are none. */
  readonly run: (given: unknown, watcher: Watcher) => Promise<Findings>;
};

export const count = (fallback: number, max: number) =>
  z.coerce.number().int().min(1).max(max).default(fallback);
export const counts = (fallback: string) =>
  z
    .string()
    .regex(/^\d+(,\d+)*$/, 'numbers separated by commas')
    .default(fallback)
    .transform((list) => list.split(',').map(Number));

export const seed = count(1, 2 ** 31);

/** An entry whose options are parsed by `shape` before it is run. */
export const entry = <S extends Shape>(
  { shape, ...rest }: Omit<Entry, 'run'> & { readonly shape: S },
  run: (settings: z.output<z.ZodObject<S>>, watcher: Watcher) => Promise<Findings>,
): Entry => ({
  ...rest,
  run: async (given, watcher) => run(z.strictObject(shape).parse(given), watcher),
});
