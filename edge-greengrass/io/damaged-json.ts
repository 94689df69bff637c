import { MinerFault } from './miner-fault.ts';

/** What cannot be read any further: the text ended within a value. */
const cut = Symbol('cut');
type Value = unknown | typeof cut;

const quote = '"';
const isSpace = (char: string) => char <= ' ' || char === '\u007f' || char === '\u00a0';
const number = /^[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?$/i;
const nothing = /^[-+]?(?:nan|inf|infinity|null|none|undefined)$/i;
const longestNumber = 40;

const bareValue = (word: string): unknown => {
  if (word.length <= longestNumber && number.test(word)) return Number(word);
  if (nothing.test(word)) return null;
  if (word === 'true' || word === 'false') return word === 'true';
  return word;
};

const textOf = (inner: string) => {
  const clean = inner.replace(/\p{Cc}+/gu, '');
  if (!clean.includes('\\')) return clean;
  try {
    return String(JSON.parse(`"${clean}"`));
  } catch {
    return clean.replaceAll('\\', '');
  }
};

/**
 * Reads JSON with all the damage that miners' firmware does to it, in one pass over the text: commas that are missing, doubled or trailing
 * (`}{`, `,]`, `"a""b":`), bare `nan` and `inf`, control characters, keys without quotes (`{110:"…"}`), lists in braces
 * (`{"110","218"}`, `{{…},{…}}`, Whatsminer 2.0.4), a wrong closing bracket, a second answer behind the first, and an end that
 * never came: then what is not whole is left out. Throws MinerFault `unparseable` where no object or list begins, or nothing of it
 * arrived.
 */
export const readDamaged = (text: string): { readonly value: object; readonly isCut: boolean } => {
  let at = 0;

  const skip = () => {
    while (at < text.length && (isSpace(text.charAt(at)) || text[at] === ',')) at++;
  };
  const skipSpace = () => {
    while (at < text.length && isSpace(text.charAt(at))) at++;
  };

  const string = (): Value => {
    const start = ++at;
    for (; at < text.length; at++) {
      const char = text[at];
      if (char === '\\') at++;
      else if (char === quote) return textOf(text.slice(start, at++));
    }
    return cut;
  };

  /** Up to what ends a bare word; a word that touches the end of the text may go on behind it. */
  const word = (): string | typeof cut => {
    const start = at;
    while (at < text.length && !'{}[],:"'.includes(text.charAt(at)) && !isSpace(text.charAt(at))) at++;
    return at >= text.length ? cut : text.slice(start, at);
  };

  const value = (): Value => {
    const char = text[at];
    if (char === '{') return braces();
    if (char === '[') return brackets();
    if (char === quote) return string();
    const found = word();
    return found === cut ? cut : bareValue(found);
  };

  let isCut = false;
  /** What there is of a container that was cut; nothing of it is worth nothing. */
  const ended = (what: object, size: number): Value => {
    isCut = true;
    return size === 0 ? cut : what;
  };

  const brackets = (): Value => {
    const items: unknown[] = [];
    at++;
    for (;;) {
      skip();
      const char = text[at];
      if (char === undefined) return ended(items, items.length);
      if (char === ']') {
        at++;
        return items;
      }
      // The bracket of something further out.
      if (char === '}') return items;
      if (char === ':') {
        at++;
        continue;
      }
      const item = value();
      if (item === cut) return ended(items, items.length);
      items.push(item);
    }
  };

  const braces = (): Value => {
    const members: (readonly [string, unknown])[] = [];
    const items: unknown[] = [];
    const whole = () => (members.length === 0 && items.length > 0 ? items : Object.fromEntries(members));
    const left = () => ended(whole(), members.length + items.length);
    at++;
    for (;;) {
      skip();
      const char = text[at];
      if (char === undefined) return left();
      if (char === '}') {
        at++;
        return whole();
      }
      if (char === ']') return whole();
      if (char === ':') {
        at++;
        continue;
      }
      if (char === '{' || char === '[') {
        const item = value();
        if (item === cut) return left();
        items.push(item);
        continue;
      }
      const key = char === quote ? string() : word();
      if (typeof key !== 'string') return left();
      skipSpace();
      if (text[at] !== ':') {
        if (at >= text.length) return left();
        items.push(key);
        continue;
      }
      at++;
      skipSpace();
      if (text[at] === ',' || text[at] === '}' || text[at] === ']') continue;
      if (at >= text.length) return left();
      const member = value();
      if (member === cut) return left();
      members.push([key, member]);
    }
  };

  skip();
  if (text[at] !== '{' && text[at] !== '[') throw new MinerFault('unparseable', 'the answer is not JSON');
  const read = value();
  if (typeof read !== 'object' || read === null)
    throw new MinerFault('unparseable', 'the answer is not JSON, even with the known repairs');
  return { value: read, isCut };
};
