import type { Vendor } from '../capabilities/firmware-table.ts';
import { antminer, summaryJudgements } from './antminer.ts';
import { auradine } from './auradine.ts';
import { type ErrorFamily, type ErrorMeaning, type ErrorRows, errorRows, lookUp } from './error-meaning.ts';
import { luxos } from './luxos.ts';
import { avalon, bitaxe, braiins, sealminer } from './others.ts';
import { proto } from './proto.ts';
import { vnish } from './vnish.ts';
import { whatsminerBoards } from './whatsminer-boards.ts';
import { whatsminerPower } from './whatsminer-power.ts';

/** What each firmware family's codes mean, for the console and the diagnosis. Families that are not here have no codes of their own. */
const tables: Readonly<Partial<Record<Vendor, ErrorRows>>> = {
  antminer: errorRows(antminer + summaryJudgements),
  whatsminer: errorRows(whatsminerPower + whatsminerBoards),
  luxos: errorRows(luxos),
  proto: errorRows(proto),
  elphapex: errorRows(summaryJudgements),
  sealminer: errorRows(sealminer),
  avalon: errorRows(avalon),
  bitaxe: errorRows(bitaxe),
  braiins: errorRows(braiins),
  auradine: errorRows(auradine),
  vnish: errorRows(vnish),
};
export const errorTables = Object.entries(tables);

/** What a firmware's code means, or undefined where nobody has said it. `vendor` is the firmware family. */
export const meaningOf = (vendor: string, code: string): ErrorMeaning | undefined => {
  const rows = errorTables.find(([family]) => family === vendor)?.[1];
  return rows && lookUp(rows, code);
};

/** By MicroBT's ranges, which only Whatsminers follow. */
const familyInRange = (number: number): ErrorFamily | undefined => {
  if (number >= 100 && number < 200) return 'fan';
  if (number >= 200 && number < 300) return 'power';
  if ((number >= 300 && number < 400) || (number >= 600 && number < 700)) return 'temperature';
  if (number >= 400 && number < 600) return 'board';
  if (number >= 2000 && number < 2100) return 'pool';
  return undefined;
};

/** For codes that no table has: by the words in it. A bare number says something under a Whatsminer alone. */
const guessedFamily = (vendor: string, code: string): ErrorFamily | undefined => {
  if (/^\d+$/.test(code)) return vendor === 'whatsminer' ? familyInRange(Number(code)) : undefined;
  const word = code.toUpperCase();
  if (word.includes('FAN')) return 'fan';
  if (/POWER|PSU|VOLTAGE/.test(word)) return 'power';
  if (word.includes('TEMP')) return 'temperature';
  if (/ASIC|EEPROM|SOC|CHAIN|BOARD/.test(word)) return 'board';
  if (word.includes('POOL')) return 'pool';
  if (word.includes('NET')) return 'network';
  return undefined;
};

/** What a code speaks of: by its firmware's table, else by what its words suggest. A code of a table that tells of no fault is of none. */
export const familyOfError = (vendor: string, code: string): ErrorFamily | undefined => {
  const known = meaningOf(vendor, code);
  return known ? known.family : guessedFamily(vendor, code);
};

const tooHotCode = /^ERROR_TEMP_TOO_HIGH$/;
const fanCode = /^ERROR_FAN_LOST$/;
const tooHotRange = /^35[0-2]$/;
const fanRange = /^1[1-4]\d$/;

/** Whether the firmware says that something is too hot now. */
export const saysTooHot = (vendor: string, code: string): boolean => {
  const known = meaningOf(vendor, code);
  if (known) return known.tooHot;
  return tooHotCode.test(code) || (vendor === 'whatsminer' && tooHotRange.test(code));
};

/** Whether the firmware says that a fan is not as it should be. */
export const saysFanFault = (vendor: string, code: string): boolean => {
  const known = meaningOf(vendor, code);
  if (known) return known.family === 'fan';
  return fanCode.test(code) || (vendor === 'whatsminer' && fanRange.test(code));
};

/** Whether the code would be an alarm by itself on a machine of any firmware: what may be left unread is what this refuses. */
export const mayAlarm = (code: string): boolean =>
  [tooHotCode, fanCode, tooHotRange, fanRange].some((pattern) => pattern.test(code)) ||
  errorTables.some(([, rows]) => {
    const known = lookUp(rows, code);
    return known !== undefined && (known.tooHot || known.family === 'fan');
  });

/** `110 (Intake fan: speed not detected)` in both languages; the bare code where it has no meaning. */
export const codeInWords = (vendor: string, code: string) => {
  const text = meaningOf(vendor, code)?.text;
  return text ? { en: `${code} (${text.en})`, zh: `${code}（${text.zh}）` } : { en: code, zh: code };
};
