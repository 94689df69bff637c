import type { MinerReading, PowerMode } from '../../../contracts/reading.ts';
import { type Fields, fieldsOf, listOf, maxOf, numberOf, present, scaled, textOf } from '../values.ts';

/**
 * Some firmware from API 2.0.5 on puts what others answer bare into `Msg`: the section's rows, or its one row alone (MicroBT's
 * whatsminer-mdk-worker, `wm-api-v2.js`), or the named section.
 */
export const unwrap = (answer: Fields, name: string): Fields => {
  if (answer[name] !== undefined) return answer;
  const { Msg: message } = answer;
  if (fieldsOf(message)[name] !== undefined) return fieldsOf(message);
  if (numberOf(answer.Code) !== 131 || typeof message !== 'object' || message === null) return answer;
  return { ...answer, [name]: Array.isArray(message) ? message : [message] };
};

const powerMode = (value: unknown): PowerMode | undefined => {
  const word = textOf(value)?.toLowerCase();
  return word === 'low' || word === 'normal' || word === 'high' ? word : undefined;
};

/** MHS figures are in MH/s, `Factory GHS` in GH/s; `HS RT` is in MH/s too, whatever its name says. */
const mhs = (value: unknown) => scaled(numberOf(value), 1e-6);
const ghs = (value: unknown) => scaled(numberOf(value), 1e-3);
/** A sensor that reads nothing says 0 or below. */
const temp = (value: unknown) => {
  const celsius = numberOf(value);
  return celsius !== undefined && celsius > 0 ? celsius : undefined;
};

export type WhatsminerSummary = {
  readonly values: MinerReading['values'];
  readonly mode: PowerMode | undefined;
  readonly reported: boolean;
};

export const parseSummary = (answer: Fields): WhatsminerSummary => {
  const summary = listOf(unwrap(answer, 'SUMMARY').SUMMARY)[0] ?? {};
  return {
    reported: Object.keys(summary).length > 0,
    mode: powerMode(summary['Power Mode']),
    values: present({
      hashrateThs:
        mhs(summary['HS RT']) ?? mhs(summary['MHS 5s']) ?? mhs(summary['MHS 1m']) ?? mhs(summary['MHS av']),
      expectedHashrateThs: ghs(summary['Factory GHS']),
      powerW: numberOf(summary.Power),
      powerLimitW: numberOf(summary['Power Limit']),
      inletTempC: temp(summary['Env Temp']),
      boardTempC: temp(summary.Temperature),
      chipTempC: temp(summary['Chip Temp Max']),
      fan1Rpm: numberOf(summary['Fan Speed In']),
      fan2Rpm: numberOf(summary['Fan Speed Out']),
      frequencyMhz: numberOf(summary.freq_avg) ?? numberOf(summary['Target Freq']),
      acceptedShares: numberOf(summary.Accepted),
      rejectedShares: numberOf(summary.Rejected),
      staleShares: numberOf(summary.Stale),
      hardwareErrors: numberOf(summary['Hardware Errors']),
      uptimeS: numberOf(summary.Elapsed) ?? numberOf(summary.Uptime),
    }),
  };
};

export const parseDevs = (answer: Fields): MinerReading['values'] => {
  const boards = listOf(unwrap(answer, 'DEVS').DEVS);
  const board = (slot: number) =>
    boards.find((entry) => numberOf(entry.Slot) === slot) ??
    boards.find((entry) => numberOf(entry.ASC) === slot) ??
    {};
  const [first, second, third] = [board(0), board(1), board(2)];
  const rate = (entry: Fields) => mhs(entry['MHS 5s']) ?? mhs(entry['MHS 1m']) ?? mhs(entry['MHS av']);
  return present({
    board1HashrateThs: rate(first),
    board2HashrateThs: rate(second),
    board3HashrateThs: rate(third),
    board1ChipTempC: temp(first['Chip Temp Max']),
    board2ChipTempC: temp(second['Chip Temp Max']),
    board3ChipTempC: temp(third['Chip Temp Max']),
    board1Chips: numberOf(first['Effective Chips']),
    board2Chips: numberOf(second['Effective Chips']),
    board3Chips: numberOf(third['Effective Chips']),
    boardTempC: maxOf([first, second, third].map((entry) => temp(entry.Temperature))),
    frequencyMhz: maxOf(
      [first, second, third].map((entry) => numberOf(entry['Chip Frequency']) ?? numberOf(entry.Frequency)),
    ),
    fan1Rpm: maxOf([first, second, third].map((entry) => numberOf(entry['Fan Speed In']))),
    fan2Rpm: maxOf([first, second, third].map((entry) => numberOf(entry['Fan Speed Out']))),
  });
};

export type WhatsminerStatus = {
  readonly off: boolean | undefined;
  readonly mode: PowerMode | undefined;
  readonly powerLimitW: number | undefined;
};

export const parseStatus = (answer: Fields): WhatsminerStatus => {
  const message = fieldsOf(answer.Msg);
  const status = Object.keys(message).length > 0 ? message : answer;
  const off =
    textOf(status.mineroff) ?? (typeof status.mineroff === 'boolean' ? String(status.mineroff) : undefined);
  return {
    off: off === undefined ? undefined : off.toLowerCase() === 'true',
    mode: powerMode(status.power_mode),
    powerLimitW: numberOf(status.power_limit_set),
  };
};

/** Codes such as "110" from `[{"110":"when"}]`, `["110"]` or `{"110":"when"}`; undefined when the miner did not say. */
export const parseErrorCodes = (answer: Fields): string[] | undefined => {
  const raw = fieldsOf(unwrap(answer, 'error_code')).error_code;
  if (raw === undefined) return undefined;
  const entries = Array.isArray(raw) ? raw : [raw];
  const codes = entries.flatMap((entry) =>
    typeof entry === 'string' || typeof entry === 'number' ? [String(entry)] : Object.keys(fieldsOf(entry)),
  );
  return [...new Set(codes)].filter((code) => code !== '' && code.length <= 40).slice(0, 32);
};

export const parseVersion = (answer: Fields) => {
  const message = fieldsOf(answer.Msg);
  return { api: textOf(message.api_ver), firmware: textOf(message.fw_ver) };
};

/** `ledstat` is `auto` unless someone set the lights. */
export const isLedSet = (answer: Fields) => {
  const state = textOf(fieldsOf(answer.Msg).ledstat);
  return state === undefined ? undefined : state !== 'auto';
};

/** What `get_miner_info` says that stays with the machine; `minersn` is not there on every firmware. */
export const parseMinerInfo = (answer: Fields) => {
  const { mac, minersn, hostname } = fieldsOf(answer.Msg);
  return { macAddress: textOf(mac), serialNumber: textOf(minersn), hostname: textOf(hostname) };
};
