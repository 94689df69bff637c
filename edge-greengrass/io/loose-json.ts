import { MinerFault } from './miner-fault.ts';

/** Known damage of miners' JSON, each with its repair. Applied in order and only when the text does not parse. */
const repairs: readonly (readonly [RegExp, string])[] = [
  [/\p{Cc}+/gu, ''],
  [/\}\s*\{/g, '},{'],
  [/\]\s*\[/g, '],['],
  [/,\s*([}\]])/g, '$1'],
  [/([[{])\s*,/g, '$1'],
  [/""(?=[A-Za-z_][\w %.-]*"\s*:)/g, '","'],
  [/:\s*-?(?:inf(?:inity)?|nan)\b/gi, ':null'],
  [/^\s*,/, ''],
];

/** A list written with braces, `{"110","218"}` or `{{…},{…}}`, as Whatsminer 2.0.4 writes error codes. */
const listLikeDict = (text: string) =>
  text
    .replace(/\{(\s*"[^"]*"\s*(?:,\s*"[^"]*"\s*)*)\}/g, '[$1]')
    .replace(/"error_code"\s*:\s*\{\s*(\{.*?\})\s*\}/g, '"error_code":[$1]');

const closers = (text: string) => {
  const open: string[] = [];
  let inString = false;
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (inString) {
      if (char === '\\') at++;
      else if (char === '"') inString = false;
    } else if (char === '"') inString = true;
    else if (char === '{') open.push('}');
    else if (char === '[') open.push(']');
    else if (char === '}' || char === ']') open.pop();
  }
  return inString ? undefined : open.reverse().join('');
};

/** Cuts an answer that ends early back to its last whole member and closes what is open. */
const closeTruncated = (text: string): unknown => {
  let cut = text.length;
  for (let attempt = 0; attempt < 40 && cut > 0; attempt++) {
    cut = text.lastIndexOf(',', cut - 1);
    if (cut < 0) break;
    const kept = text.slice(0, cut);
    const tail = closers(kept);
    const parsed = tail === undefined ? undefined : tryParse(kept + tail);
    if (parsed !== undefined) return parsed;
  }
  return undefined;
};

const tryParse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/**
 * Parses what miners call JSON: as it stands if it can be, else with the repairs that their firmware needs, at last cut
 * back to what arrived whole. Throws MinerFault `unparseable` when no object or list remains.
 */
export const parseLooseJson = (raw: string): unknown => {
  const text = raw.replace(/^\uFEFF/, '').trim();
  const asIs = tryParse(text);
  if (isContainer(asIs)) return asIs;
  let repaired = text;
  for (const [pattern, replacement] of repairs) repaired = repaired.replace(pattern, replacement);
  for (const candidate of [repaired, listLikeDict(repaired)]) {
    const parsed = tryParse(candidate);
    if (isContainer(parsed)) return parsed;
  }
  if (!/^[[{]/.test(repaired)) throw new MinerFault('unparseable', 'the answer is not JSON');
  const partial = closeTruncated(repaired);
  if (isContainer(partial)) return partial;
  throw new MinerFault('unparseable', 'the answer is not JSON, even with the known repairs');
};

const isContainer = (value: unknown): value is object => typeof value === 'object' && value !== null;
