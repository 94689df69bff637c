import { readDamaged } from './damaged-json.ts';
import { MinerFault } from './miner-fault.ts';

/** Miners nest three or four deep; what nests deeper than this is not meant to be read. */
export const deepest = 64;

/** Whether the text nests within `deepest`, whatever else is wrong with it. */
const isShallow = (text: string) => {
  let depth = 0;
  let inString = false;
  for (let at = 0; at < text.length; at++) {
    const char = text.charCodeAt(at);
    if (inString) {
      if (char === 0x5c) at++;
      else if (char === 0x22) inString = false;
    } else if (char === 0x22) inString = true;
    else if (char === 0x7b || char === 0x5b) {
      if (++depth > deepest) return false;
    } else if (char === 0x7d || char === 0x5d) depth--;
  }
  return true;
};

const tryParse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

const isContainer = (value: unknown): value is object => typeof value === 'object' && value !== null;

/** The commonest damage, of every `stats` of a stock Antminer, before the slow way. */
const withCommas = (text: string) =>
  text.includes('}{') ? tryParse(text.replaceAll('}{', '},{')) : undefined;

const read = (raw: string): { readonly value: object; readonly isCut: boolean } => {
  const text = raw.replace(/^\uFEFF/, '').trim();
  if (!isShallow(text)) throw new MinerFault('unparseable', 'the answer nests too deeply');
  const asIs = tryParse(text);
  if (isContainer(asIs)) return { value: asIs, isCut: false };
  const joined = withCommas(text);
  if (isContainer(joined)) return { value: joined, isCut: false };
  return readDamaged(text);
};

/**
 * Parses what miners call JSON: as it stands if it can be, else as `readDamaged` reads it, at last what arrived whole of an answer
 * that was cut. Throws MinerFault `unparseable` when no object or list remains.
 */
export const parseLooseJson = (raw: string): unknown => read(raw).value;

/**
 * The same for what is to be written back, changed, as a whole: an answer that was cut is `unparseable`, since what it lacks would
 * be lost in the miner.
 */
export const parseWholeJson = (raw: string): unknown => {
  const { value, isCut } = read(raw);
  if (isCut) throw new MinerFault('unparseable', 'the answer was cut');
  return value;
};
