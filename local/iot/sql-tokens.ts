export type Token = {
  readonly kind: 'word' | 'text' | 'number' | 'symbol' | 'end';
  readonly text: string;
  readonly at: number;
};

const patterns: readonly (readonly [Token['kind'] | 'space', RegExp])[] = [
  ['space', /\s+/y],
  ['text', /'(?:[^']|'')*'/y],
  ['text', /"(?:[^"\\]|\\.)*"/y],
  ['number', /\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y],
  ['word', /[A-Za-z_$][A-Za-z0-9_$-]*/y],
  ['symbol', /<>|!=|<=|>=|[*().,=<>+\-/%[\]{}:]/y],
];

const unquote = (text: string) =>
  text.startsWith("'")
    ? text.slice(1, -1).replaceAll("''", "'")
    : text.slice(1, -1).replaceAll(/\\(.)/g, '$1');

/** Splits a rule's SQL. Throws Error with the place of what is not a token. */
export const tokenize = (sql: string): readonly Token[] => {
  const tokens: Token[] = [];
  let at = 0;
  while (at < sql.length) {
    const found = patterns
      .map(([kind, pattern]) => {
        pattern.lastIndex = at;
        return { kind, text: pattern.exec(sql)?.[0] };
      })
      .find(({ text }) => text !== undefined);
    if (found?.text === undefined)
      throw new Error(`${JSON.stringify(sql[at])} at character ${at + 1} is not understood`);
    const { kind, text } = found;
    if (kind !== 'space') tokens.push({ kind, text: kind === 'text' ? unquote(text) : text, at });
    at += text.length;
  }
  return [...tokens, { kind: 'end', text: 'the end', at }];
};
