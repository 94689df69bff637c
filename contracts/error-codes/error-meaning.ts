import type { Text } from '../text.ts';

/** What part of the machine or of its surroundings a code speaks of. */
export const errorFamilies = [
  'fan',
  'power',
  'temperature',
  'board',
  'network',
  'pool',
  'hashrate',
  'control',
] as const;
export type ErrorFamily = (typeof errorFamilies)[number];

export type ErrorMeaning = {
  /** Absent where the code tells of no fault, such as a sleep that somebody ordered. */
  readonly family?: ErrorFamily;
  /** The firmware says that something is too hot now, not only that a sensor is wrong. */
  readonly tooHot: boolean;
  readonly text: Text;
};

type Row = ErrorMeaning & { readonly code: string };
export type ErrorRows = {
  readonly exact: ReadonlyMap<string, ErrorMeaning>;
  readonly patterns: readonly { readonly test: RegExp; readonly meaning: ErrorMeaning }[];
};

const familyIn = (word: string): Pick<ErrorMeaning, 'family' | 'tooHot'> => {
  if (word === 'hot') return { family: 'temperature', tooHot: true };
  const family = errorFamilies.find((known) => known === word);
  return { ...(family && { family }), tooHot: false };
};

const rowOf = (line: string): Row => {
  const [code, word, en, zh, ...rest] = line.split('|').map((part) => part.trim());
  if (!code || !word || !en || !zh || rest.length > 0) throw new Error(`not a row of error codes: ${line}`);
  if (word !== '-' && word !== 'hot' && !errorFamilies.some((known) => known === word))
    throw new Error(`not a family of error codes: ${word}`);
  return { code, ...familyIn(word), text: { en, zh } };
};

/**
 * A table of codes, one `code | family | English | Chinese` a line. `{n}` in a code is one digit, mostly the slot of a board, `{c}`
 * three digits, a chip; both may stand in the texts. Family `hot` is `temperature` with something too hot now, `-` is none.
 */
export const errorRows = (text: string): ErrorRows => {
  const rows = text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map(rowOf);
  const isPattern = ({ code }: Row) => code.includes('{');
  return {
    exact: new Map(rows.filter((row) => !isPattern(row)).map((row) => [row.code, row])),
    patterns: rows.filter(isPattern).map((row) => ({
      test: new RegExp(`^${row.code.replace('{n}', '(?<n>\\d)').replace('{c}', '(?<c>\\d{3})')}$`),
      meaning: row,
    })),
  };
};

const filled = (text: string, { n, c }: Readonly<Record<string, string | undefined>>) =>
  text.replaceAll('{n}', n ?? '?').replaceAll('{c}', c === undefined ? '?' : String(Number(c)));

/** What a code means by a table, or undefined where the table does not have it. */
export const lookUp = ({ exact, patterns }: ErrorRows, code: string): ErrorMeaning | undefined => {
  const known = exact.get(code);
  if (known) return known;
  for (const { test, meaning } of patterns) {
    const found = test.exec(code);
    if (found) {
      const groups = found.groups ?? {};
      const { text, ...rest } = meaning;
      return { ...rest, text: { en: filled(text.en, groups), zh: filled(text.zh, groups) } };
    }
  }
  return undefined;
};
