import { type Fields, listOf, maxOf, numberOf } from '../values.ts';

/** What the pages of chips tell of one board. */
export type BoardChips = { readonly chips: number | undefined; readonly hottestC: number | undefined };

const dataOf = (page: readonly Fields[], index: number): readonly unknown[] => {
  const board = page.find((entry) => numberOf(entry.Index) === index);
  return Array.isArray(board?.Data) ? board.Data : [];
};

/** A chip without a sensor says 0. */
const sensed = (value: unknown) => {
  const celsius = numberOf(value);
  return celsius !== undefined && celsius > 0 ? celsius : undefined;
};

/**
 * `GET /hashrate` and `/temps/chip`: an entry for each board, with its `Index` from 0 and in `Data` one value for each chip (epic-dashboard,
 * `docs/APIv3.md`; that `Data` is as long as there are chips: ePIC's own part of pyasic, pull request 71; recorded by asic-rs). The first three
 * boards; chips absent where no chip is listed.
 */
export const chipsByBoard = (hashrates: unknown, temperatures: unknown): readonly BoardChips[] => {
  const [rates, temps] = [listOf(hashrates), listOf(temperatures)];
  return [0, 1, 2].map((index) => ({
    chips: dataOf(rates, index).length || undefined,
    hottestC: maxOf(dataOf(temps, index).map(sensed)),
  }));
};
