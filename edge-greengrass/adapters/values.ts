import type { MinerReading, ReadingField } from '../../contracts/reading.ts';

/** An untyped answer's members, by name; lookups of what is not there are undefined. */
export type Fields = Readonly<Record<string, unknown>>;

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const fieldsOf = (value: unknown): Fields => (isFields(value) ? value : {});
export const listOf = (value: unknown): readonly Fields[] =>
  Array.isArray(value) ? value.filter(isFields) : [];

const largest = 1e12;
/** Longer texts are no numbers, and would keep the pattern busy. */
const longestNumber = 64;

/** A finite number, also where the firmware writes it as text, with a unit behind it ("3250 W") or with a comma. */
export const numberOf = (value: unknown): number | undefined => {
  if (typeof value === 'number')
    return Number.isFinite(value) && Math.abs(value) <= largest ? value : undefined;
  if (typeof value !== 'string' || value.length > longestNumber) return undefined;
  const found = /^\s*(-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)\s*[a-z%°/]*\s*$/i.exec(value);
  return found?.[1] === undefined ? undefined : numberOf(Number(found[1]));
};

export const textOf = (value: unknown) =>
  typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined;

export const scaled = (value: number | undefined, factor: number) =>
  value === undefined ? undefined : value * factor;

export const maxOf = (values: readonly (number | undefined)[]) => {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : known.reduce((most, value) => Math.max(most, value));
};

export const sumOf = (values: readonly (number | undefined)[]) => {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : known.reduce((sum, value) => sum + value, 0);
};

/** Beyond this no field has a meaning, and the telemetry format could not carry it. */
const largestReading = 1e9;

/** Only what the miner said, as far as it can be meant: absent stays absent. */
export const present = (values: Partial<Record<ReadingField, number | undefined>>): MinerReading['values'] =>
  Object.fromEntries(
    Object.entries(values).filter(([, value]) => value !== undefined && Math.abs(value) <= largestReading),
  );
