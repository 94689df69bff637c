import type { MinerReading, MinerState } from '../../../contracts/reading.ts';
import { macAddressOf } from '../../discovery/mac-address.ts';
import { parseLooseJson } from '../../io/loose-json.ts';
import { MinerFault } from '../../io/miner-fault.ts';
import { boardValues } from '../plain-adapter.ts';
import { type Fields, fieldsOf, listOf, maxOf, numberOf, present, scaled, textOf } from '../values.ts';

const sections: Readonly<Record<string, string>> = { POOL: 'POOLS' };

/** cgminer's text form, `STATUS=S,Code=11,Msg=Summary|SUMMARY,Elapsed=5|`, as its JSON form would be; every section ends in a bar. */
const parseText = (raw: string): Fields => {
  const text = raw.trim();
  if (!/^\w+[=,]/.test(text) || !text.endsWith('|'))
    throw new MinerFault('unparseable', 'the answer is not whole');
  const answer = new Map<string, Record<string, string>[]>();
  for (const section of text.split('|')) {
    const pairs = section.split(/,(?=[^,=[\]]+=)/).map((pair) => {
      const at = pair.indexOf('=');
      return at < 0 ? ([pair, ''] as const) : ([pair.slice(0, at), pair.slice(at + 1)] as const);
    });
    const name = pairs[0]?.[0] ?? '';
    if (!/^[A-Z]{3,20}$/.test(name)) continue;
    const list = sections[name] ?? name;
    const entries = answer.get(list) ?? [];
    entries.push(Object.fromEntries(pairs));
    answer.set(list, entries);
  }
  return Object.fromEntries(answer);
};

/** An answer in either form. Throws MinerFault `unparseable`. */
export const parseAnswer = (raw: string): Fields =>
  raw.trimStart().startsWith('{') ? fieldsOf(parseLooseJson(raw)) : parseText(raw);

export type Status = {
  readonly letter: string | undefined;
  readonly code: number | undefined;
  readonly message: string;
  readonly whenS: number | undefined;
};

export const statusOf = (answer: Fields): Status => {
  const status = listOf(answer.STATUS)[0] ?? fieldsOf(answer);
  return {
    letter: textOf(status.STATUS),
    code: numberOf(status.Code),
    message: textOf(status.Msg) ?? '',
    whenS: numberOf(status.When),
  };
};

/** A module's figures by key: `PS[0 1217 1279 221 2834 1280]` is six words under PS. */
export type Module = ReadonlyMap<string, readonly string[]>;

/**
 * The first module's figures, in any of the forms that they come in: one text `MM ID0`; or, on newer firmware, `MM ID0:Summary` beside
 * `HBinfo`, with groups such as `'HB0':{…}` in them. A key that comes twice holds where it came first.
 */
export const moduleOf = (stats: Fields): Module | undefined => {
  const texts = listOf(stats.STATS)
    .flatMap((entry) => Object.entries(entry))
    .filter(([key, value]) => typeof value === 'string' && /^(MM ID0|HBinfo)/.test(key))
    .map(([, value]) => String(value));
  const module = new Map<string, readonly string[]>();
  for (const [, key = '', inside = ''] of texts.join(' ').matchAll(/(?<!\w)(\w{1,40})\[([^[\]]*)\]/g)) {
    if (!module.has(key)) module.set(key, inside.trim().split(/\s+/));
  }
  return module.size === 0 ? undefined : module;
};

const figures = (module: Module, key: string) => (module.get(key) ?? []).map(numberOf);
const figure = (module: Module, key: string) => figures(module, key)[0];
/** -273 stands for a sensor that is not there. */
const temp = (value: number | undefined) =>
  value !== undefined && value > -60 && value !== 0 ? value : undefined;
const orPositive = (value: number | undefined) => (value !== undefined && value > 0 ? value : undefined);

/** `PS[error, control V × 100, hash V × 100, A, W out, set V × 100]`, of newer firmware with the watts at the wall behind; in mV on small ones. */
const powerOf = (module: Module) => {
  const [, , hash, , out, , wall] = figures(module, 'PS');
  return {
    powerW: figure(module, 'WALLPOWER') ?? orPositive(wall) ?? out,
    voltageV: scaled(hash, hash !== undefined && hash > 5_000 ? 1e-3 : 1e-2),
  };
};

/**
 * A board's chips: as many as its list of each chip's work (`MW0`) or temperature (`PVT_T0`) is long. A list that is too short is how Canaan's
 * repairers see missing chips (zeusbtc.com, "How to quickly diagnose Avalon miner's faults"); an empty one says nothing. `TA` counts the chips of
 * all boards, so that it tells a board's where there is one.
 */
const chipsOf = (module: Module, board: number, boards: number): number | undefined => {
  const lists = [`MW${board}`, `PVT_T${board}`].map((key) =>
    figures(module, key).filter((each) => each !== undefined),
  );
  return (
    lists.find((list) => list.length > 0)?.length ??
    (boards === 1 && board === 0 ? figure(module, 'TA') : undefined)
  );
};

/** Hashrates are in GH/s. Boards are known by their place in the lists. */
export const parseModule = (module: Module): MinerReading['values'] => {
  const rates = figures(module, 'MGHS');
  const hottest = figures(module, 'MTmax');
  return {
    ...boardValues(
      [0, 1, 2].map((board) => ({
        hashrateThs: scaled(rates[board], 1e-3),
        chipTempC: temp(hottest[board]) ?? maxOf(figures(module, `PVT_T${board}`).map(temp)),
        chips: chipsOf(module, board, rates.length),
      })),
    ),
    ...present({
      hashrateThs: scaled(figure(module, 'GHSspd'), 1e-3),
      expectedHashrateThs: scaled(figure(module, 'GHSmm'), 1e-3),
      ...powerOf(module),
      powerLimitW: orPositive(figure(module, 'MPO')),
      inletTempC: temp(figure(module, 'ITemp')) ?? temp(figure(module, 'Temp')),
      boardTempC: temp(figure(module, 'OTemp')),
      chipTempC: temp(figure(module, 'TMax')) ?? maxOf(hottest.map(temp)),
      fan1Rpm: figure(module, 'Fan1'),
      fan2Rpm: figure(module, 'Fan2'),
      fan3Rpm: figure(module, 'Fan3'),
      fan4Rpm: figure(module, 'Fan4'),
      fanDutyPct: figure(module, 'FanR'),
      frequencyMhz: figure(module, 'Freq'),
      hardwareErrors: figure(module, 'HW'),
      uptimeS: figure(module, 'Elapsed'),
    }),
  };
};

/** `summary` in MH/s, where the module says nothing. */
export const parseSummary = (answer: Fields): MinerReading['values'] => {
  const summary = listOf(answer.SUMMARY)[0] ?? {};
  const rate = ['MHS 5s', 'MHS 30s', 'MHS 1m', 'MHS av'].map((key) => numberOf(summary[key]));
  return present({
    hashrateThs: scaled(
      rate.find((value) => value !== undefined),
      1e-6,
    ),
    hardwareErrors: numberOf(summary['Hardware Errors']),
    uptimeS: numberOf(summary.Elapsed),
  });
};

/** By the module's own word. What `softoff` stopped says so in SoftOFF, or on older firmware only idles. */
export const stateOf = (module: Module, hashrateThs: number | undefined): MinerState => {
  const word = /In (Init|Work|Idle)/i.exec((module.get('SYSTEMSTATU') ?? []).join(' '))?.[1]?.toLowerCase();
  const off = figure(module, 'SoftOFF');
  if ((off ?? 0) > 0) return 'stopped';
  if (word === 'init') return 'booting';
  if (word === 'idle') return off === undefined ? 'stopped' : 'idle';
  if ((hashrateThs ?? 0) > 0) return 'hashing';
  return (figure(module, 'Elapsed') ?? 0) < 300 ? 'booting' : 'idle';
};

/** 512 alone stands in the maker's own example of a sound board. */
const soundBoard = new Set([0, 512]);
/** As many as a reading holds. */
const mostErrors = 32;

const bitsOf = (name: string, code: number | undefined): string[] =>
  code === undefined || !Number.isInteger(code) || code <= 0 || code >= 2 ** 31
    ? []
    : Array.from({ length: 31 }, (_, at) => 2 ** at).flatMap((bit) => (code & bit ? [`${name}:${bit}`] : []));

/** Each set bit by itself: `ECHU2:128` of the second board, `ECMM:2` of the control board, `PSU:32` of the supply. */
export const errorsOf = (module: Module): string[] =>
  [
    ...figures(module, 'ECHU')
      .slice(0, 9)
      .flatMap((code, board) => (soundBoard.has(code ?? 0) ? [] : bitsOf(`ECHU${board + 1}`, code))),
    ...bitsOf('ECMM', figure(module, 'ECMM')),
    ...bitsOf('PSU', figure(module, 'PS')),
  ].slice(0, mostErrors);

/** `Led[1]`, or `LED[1-0]` with the colour behind. */
export const ledOf = (module: Module): boolean | undefined => {
  const word = (module.get('LED') ?? module.get('Led'))?.[0];
  const on = /^(\d+)/.exec(word ?? '')?.[1];
  return on === undefined ? undefined : Number(on) > 0;
};

export const fanDutyOf = (module: Module) => figure(module, 'FanR');
export const workModeOf = (module: Module) => figure(module, 'WORKMODE');

/** Who it is: the numbers of the professional series (`1346-110`, `15-185`) get their A back, and `Nano3s`, `Q` and such stay as they are. */
export const parseVersion = (answer: Fields) => {
  const version = listOf(answer.VERSION)[0] ?? {};
  const product = textOf(version.PROD);
  const named = `${textOf(version.MODEL) ?? product ?? ''}`.replace(/^avalon(?:\s*miner)?\s*/i, '');
  const short = named.replace(/^(\d{4})-.*$/, '$1').trim();
  const isAvalon = /avalon/i.test(product ?? '') || textOf(version.DNA) !== undefined;
  return isAvalon && short !== ''
    ? {
        model: `Avalon ${/^\d/.test(short) ? 'A' : ''}${short}`,
        firmware: textOf(version.LVERSION) ?? textOf(version.VERSION) ?? textOf(version.CGMiner),
        api: textOf(version.API) ?? (numberOf(version.API) === undefined ? undefined : String(version.API)),
        // It comes without colons (`024849000006`).
        macAddress: macAddressOf(version.MAC),
        serialNumber: textOf(version.DNA),
      }
    : undefined;
};
