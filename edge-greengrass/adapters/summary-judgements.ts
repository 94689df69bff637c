import { type Fields, listOf, numberOf, textOf } from './values.ts';

/** As many as a reading holds, and as long as a kind of judgement can be. */
const mostErrors = 32;
const longestKind = 20;

/**
 * What `summary.cgi` of Bitmain, and of Elphapex after it, judges to be wrong, as `fans:1`: `SUMMARY[0].status` has an entry for `rate`, `network`,
 * `fans` and `temp`, each with a letter in `status` (`s` well, `w` warning, `e` error), a number in `code` and words in `msg`. Sources: the answers
 * in the tests of block/proto-fleet `plugin/antminer` (S21) and of pyasic (DG1+), asic-rs `antminer` v2020 for the letters, a public "Stock
 * Bitmain Firmware API Documentation" (KS5 Pro). What the numbers mean nobody has published. Undefined where nothing was judged.
 */
export const judgementsOf = (answer: Fields): string[] | undefined => {
  const judged = listOf(answer.SUMMARY)[0]?.status;
  if (!Array.isArray(judged)) return undefined;
  const codes = listOf(judged).flatMap(({ status, type, code }) => {
    const letter = textOf(status)?.toLowerCase();
    const kind = textOf(type);
    return letter === undefined || letter === 's' || kind === undefined || kind.length > longestKind
      ? []
      : [`${kind}:${Math.trunc(numberOf(code) ?? 0)}`];
  });
  return [...new Set(codes)].slice(0, mostErrors);
};
