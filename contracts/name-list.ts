import { BatchError, type Reader, type Writer } from './batch-bytes.ts';

/** What a miner id, a gateway id or a column may be called, as contracts/identifiers.ts says. */
const isName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/**
 * Appends names in strictly ascending order (bytewise): how many; for each, one byte: how many characters it shares with the one
 * before; the length of the text of all rests; and that text, each rest ended by a line feed. Throws RangeError for what is no such list.
 */
export const writeNames = (out: Writer, names: readonly string[]) => {
  const shared = new Uint8Array(names.length);
  let text = '';
  let before = '';
  for (let at = 0; at < names.length; at++) {
    const name = names[at] ?? '';
    if (!isName.test(name)) throw new RangeError(`${JSON.stringify(name)} is no name`);
    if (name <= before) throw new RangeError(`${name} does not follow ${before} in order`);
    let same = 0;
    while (same < before.length && before.charCodeAt(same) === name.charCodeAt(same)) same++;
    shared[at] = same;
    text += `${name.slice(same)}\n`;
    before = name;
  }
  out.varint(names.length);
  out.bytes(shared);
  out.varint(text.length);
  out.bytes(Buffer.from(text, 'latin1'));
};

/** Reads what writeNames wrote; throws BatchError where the bytes are no such list, or one of more than `most` names. */
export const readNames = (reader: Reader, most: number): string[] => {
  const count = reader.varint();
  if (count > most) throw new BatchError('BAD_HEADER', `${count} names, at most ${most} allowed`);
  const shared = reader.bytes(count);
  const text = Buffer.from(reader.bytes(reader.varint())).toString('latin1');
  const names = new Array<string>(count);
  let start = 0;
  let before = '';
  for (let at = 0; at < count; at++) {
    const end = text.indexOf('\n', start);
    const same = shared[at] ?? 0;
    if (end < 0 || same > before.length) throw new BatchError('BAD_HEADER', 'a list of names is damaged');
    const name = before.slice(0, same) + text.slice(start, end);
    if (!isName.test(name)) throw new BatchError('BAD_HEADER', 'a list of names holds what is no name');
    if (name <= before) throw new BatchError('BAD_HEADER', 'a list of names is not in order');
    names[at] = name;
    before = name;
    start = end + 1;
  }
  if (start !== text.length) throw new BatchError('BAD_HEADER', 'a list of names is damaged');
  return names;
};
