import type { Text } from '../../../contracts/text.ts';

/** Shorthand for the comparisons of the rules: undefined wherever a figure is unknown. */
export const both = (...values: readonly (boolean | undefined)[]): boolean | undefined =>
  values.some((value) => value === false)
    ? false
    : values.every((value) => value === true)
      ? true
      : undefined;

export const compare = (
  a: number | undefined,
  b: number | undefined,
  test: (a: number, b: number) => boolean,
) => (a === undefined || b === undefined ? undefined : test(a, b));

export const test = (a: number | undefined, holds: (a: number) => boolean) =>
  a === undefined ? undefined : holds(a);

/** A figure as people read it; unknown ones never reach a sentence, because their sign does not hold. */
export const show = (value: number | undefined, digits = 0) =>
  value === undefined ? '?' : value.toFixed(digits);

export const say = (en: string, zh: string): Text => ({ en, zh });
