/** Numbers in [0, 1). */
export type Random = () => number;

export const below = (count: number, random: Random) => Math.floor(random() * count);
export const oneOf = <T>(items: readonly [T, ...T[]], random: Random): T =>
  items[below(items.length, random)] ?? items[0];

type Mutation = (text: string, random: Random) => string;

const place = (text: string, random: Random) => below(text.length + 1, random);
const slice = (text: string, random: Random) => {
  const from = place(text, random);
  return { from, to: Math.min(text.length, from + 1 + below(oneOf([4, 40, 400], random), random)) };
};

/** How long a piece may grow: mostly little, now and then enough for a slow pattern to show. */
const size = (random: Random) => oneOf([3, 30, 300, 3_000, random() < 0.02 ? 60_000 : 30], random);

const pieces: readonly [string, ...string[]] = [
  '\0',
  '\n',
  '\\',
  '"',
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  '}{',
  'nan',
  '-inf',
  'null',
  '1e999',
  '-0',
  '\u00a0',
  '\u202e',
  '\ufeff',
  '\ud800',
  '⛏️',
  '算力',
  '\\u0000',
  '\\ud83d',
  '<html>',
  '%00',
  '-----',
  '|',
  '=',
  ' ',
];

const flipBits: Mutation = (text, random) => {
  const bytes = Buffer.from(text, 'utf8');
  for (let flips = 1 + below(8, random); flips > 0 && bytes.length > 0; flips--) {
    const at = below(bytes.length, random);
    bytes[at] = (bytes[at] ?? 0) ^ (1 << below(8, random));
  }
  return bytes.toString('utf8');
};
const truncate: Mutation = (text, random) => text.slice(0, place(text, random));
const behead: Mutation = (text, random) => text.slice(place(text, random));
const remove: Mutation = (text, random) => {
  const { from, to } = slice(text, random);
  return text.slice(0, from) + text.slice(to);
};
const duplicate: Mutation = (text, random) => {
  const { from, to } = slice(text, random);
  return text.slice(0, to) + text.slice(from, to).repeat(1 + below(5, random)) + text.slice(to);
};
const insert: Mutation = (text, random) => {
  const at = place(text, random);
  const piece = oneOf(pieces, random);
  return text.slice(0, at) + piece.repeat(random() < 0.5 ? 1 : size(random)) + text.slice(at);
};
const answerTwice: Mutation = (text, random) => text + (random() < 0.5 ? text : truncate(text, random));
const nest: Mutation = (text, random) => {
  const at = place(text, random);
  return (
    text.slice(0, at) + oneOf(['[', '{"a":', '{{', '[{"0":'], random).repeat(size(random)) + text.slice(at)
  );
};
/** Figures of the answer as others: too large, too small, no figures at all. */
const figures: Mutation = (text, random) => {
  const share = random() < 0.5 ? 0.05 : 0.8;
  return text.replace(/-?\d+(?:\.\d+)?/g, (found) => {
    if (random() > share) return found;
    return oneOf(
      [
        `${found}e300`,
        `-${found}`,
        '0',
        '1e999',
        'nan',
        '-nan',
        '9'.repeat(25),
        `${found}.5.5`,
        '0x1f',
        '',
        `${found}${found}`,
      ],
      random,
    );
  });
};
const unquote: Mutation = (text, random) => {
  const share = random();
  return text.replace(/"/g, (found) => (random() < share ? '' : found));
};
const otherSigns: Mutation = (text, random) => {
  const from = oneOf([',', ':', '{', '}', '[', ']', '"', '|', '=', ' '], random);
  return text.replaceAll(from, oneOf(pieces, random));
};

const textual: readonly [Mutation, ...Mutation[]] = [
  flipBits,
  truncate,
  behead,
  remove,
  duplicate,
  insert,
  answerTwice,
  nest,
  figures,
  unquote,
  otherSigns,
];

const deep = (random: Random) => {
  let inner: unknown = 1;
  for (let depth = below(80, random); depth > 0; depth--) inner = random() < 0.5 ? [inner] : { a: inner };
  return inner;
};
const odd = (random: Random): unknown =>
  oneOf<() => unknown>(
    [
      () => null,
      () => random() < 0.5,
      () => '',
      () => ' '.repeat(size(random)),
      () => '1'.repeat(size(random)),
      () => `${'1,'.repeat(size(random))}x`,
      () => 'x'.repeat(size(random)),
      () => '-'.repeat(size(random)),
      () => oneOf(pieces, random),
      () => '\0\u0001\u007f',
      () => 0,
      () => -1,
      () => 0.1 + below(100, random),
      () => oneOf([1e308, -1e308, 5e-324, 2 ** 53 + 2, 2 ** 31, -(2 ** 31), 1e12, 1e9, 1e10], random),
      () =>
        oneOf(['1e999', 'NaN', '12.5 TH/s', '3250 W', '0x10', '1,234', '-5', '1/2/3', '99999999999'], random),
      () => [],
      () => ({}),
      () => [[]],
      () => [null],
      () => ({ '': '' }),
      () => ({ constructor: 1, toString: 2, hasOwnProperty: 3 }),
      () => Array.from({ length: size(random) / 3 }, (_, at) => at),
      () => deep(random),
    ],
    random,
  )();

const isContainer = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;

/** Changes one place of the value, in place; the value itself where it holds nothing. */
const changeOnce = (root: Record<string, unknown>, random: Random) => {
  let at = root;
  for (;;) {
    const keys = Object.keys(at);
    const key = keys[below(keys.length, random)];
    if (key === undefined) return;
    const inner = at[key];
    if (isContainer(inner) && random() < 0.75) {
      at = inner;
      continue;
    }
    const other = keys[below(keys.length, random)] ?? key;
    oneOf<() => void>(
      [
        () => Reflect.set(at, key, odd(random)),
        () => Reflect.set(at, key, odd(random)),
        () => Reflect.deleteProperty(at, key),
        () => Reflect.set(at, key, String(inner)),
        () => Reflect.set(at, key, [inner]),
        () => Reflect.set(at, key, { [key]: inner }),
        () => Reflect.set(at, key, at[other]),
        () => Reflect.set(at, `${key}${oneOf(pieces, random)}`, inner),
        () => Reflect.defineProperty(at, '__proto__', { value: inner, enumerable: true, configurable: true }),
        () => Array.isArray(at) && at.push(...at.slice(0, 200)),
      ],
      random,
    )();
    return;
  }
};

/** The JSON with other types, values and members in some places; undefined where the text is none. */
const retyped = (text: string, random: Random): string | undefined => {
  let value: unknown;
  try {
    value = JSON.parse(text.split('\0', 1)[0] ?? '');
  } catch {
    return undefined;
  }
  if (!isContainer(value)) return JSON.stringify(odd(random));
  if (random() < 0.02) return JSON.stringify(odd(random));
  try {
    for (let changes = 1 + below(oneOf([2, 4, 30], random), random); changes > 0; changes--)
      changeOnce(value, random);
    return JSON.stringify(value);
  } catch {
    // A change may have put a value into itself.
    return undefined;
  }
};

/** No miner's answer is longer: the exchange refuses it. */
const longest = 512 * 1_024;

/** The answer, damaged as answers are, and as nobody would. The same numbers give the same. */
export const mutate = (answer: string, random: Random): string => {
  let text = answer;
  if (random() < 0.6) text = retyped(text, random) ?? text;
  if (text === answer || random() < 0.25)
    for (let times = 1 + below(3, random); times > 0; times--)
      text = oneOf(textual, random)(text, random).slice(0, longest);
  return text.slice(0, longest);
};
