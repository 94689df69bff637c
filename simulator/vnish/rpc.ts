import * as z from 'zod';
import { shareDifficulty } from '../physics/miner-state.ts';
import { voltageAt } from '../physics/power.ts';
import { type BoardView, type FirmwareView, firmwareView } from '../site/firmware-view.ts';
import type { RpcAnswer } from '../wire/rpc-connection.ts';
import { asJson } from '../wire/web-server.ts';
import type { VnishDevice } from './device.ts';
import { minerState, version } from './reports.ts';

const request = z.looseObject({ command: z.string() });
type Row = Readonly<Record<string, string | number | boolean>>;
type Section = readonly [name: string, code: number, msg: string, rows: readonly Row[]];

const software = '4.11.1';
const build = 'uart_trans.1.3';
const ghs = (ths: number) => Math.round(ths * 1e5) / 100;
const whole = (values: readonly number[], of: (...values: number[]) => number) =>
  values.length === 0 ? 0 : Math.round(of(...values));
const span = (values: readonly number[]) => `${whole(values, Math.min)}-${whole(values, Math.max)}`;
/** A letter for each chip, in groups of ten. */
const letters = (chips: number) =>
  Array.from({ length: Math.ceil(chips / 10) }, (_, at) => 'o'.repeat(Math.min(10, chips - at * 10))).join(
    ' ',
  );

/** One member of each board, numbered from 1. */
const each = (boards: readonly BoardView[], name: string, of: (board: BoardView) => string | number): Row =>
  Object.fromEntries(boards.map((board, at) => [`${name}${at + 1}`, of(board)]));

const head = ({ model }: VnishDevice): Row => ({
  Cgminer: software,
  Miner: build,
  CompileTime: 'Tue Jun 3 12:01:44 UTC 2025',
  Type: `${model} (Vnish ${version})`,
});

const stats = (device: VnishDevice, view: FirmwareView): Section => {
  const { miner } = device;
  const { boards } = view;
  const volts = Math.round(voltageAt(miner.model, miner.state.fraction) * 1000);
  return [
    'STATS',
    70,
    'CGMiner stats',
    [
      head(device),
      {
        STATS: 0,
        ID: `BTM_${device.model.replace('Antminer ', '').toUpperCase()}`,
        Elapsed: view.elapsedS,
        'GHS 5s': ghs(view.hashrateThs).toFixed(2),
        'GHS av': ghs(view.averageThs),
        miner_count: boards.length,
        total_acn: boards.reduce((sum, { chips }) => sum + chips, 0),
        frequency: Math.round(view.targetFrequencyMhz),
        total_rateideal: ghs(view.idealThs),
        total_rate: ghs(view.hashrateThs),
        state: minerState(device),
        fan_num: view.fanRpm.length,
        fan_pwm: view.fanDutyPct,
        ...Object.fromEntries(view.fanRpm.map((rpm, at) => [`fan${at + 1}`, rpm])),
        temp_num: boards.length,
        ...each(boards, 'temp', ({ chipC, boardC }) => (chipC.length > 0 ? Math.round(boardC) : 0)),
        ...each(boards, 'temp2_', ({ chipC }) => whole(chipC, Math.max)),
        ...each(boards, 'temp_chip', ({ chipC }) => span(chipC)),
        ...each(boards, 'chain_acn', ({ chips }) => chips),
        ...each(boards, 'chain_vol', ({ chips }) => (chips > 0 ? volts : 0)),
        ...each(boards, 'freq_avg', ({ frequencyMhz }) => frequencyMhz),
        ...each(boards, 'chain_rateideal', ({ idealThs }) => ghs(idealThs)),
        ...each(boards, 'chain_rate', ({ hashrateThs }) => ghs(hashrateThs)),
        ...each(boards, 'chain_hw', ({ hardwareErrors }) => hardwareErrors),
        ...each(boards, 'chain_acs', ({ chips }) => letters(chips)),
        miner_version: build,
        build_version: version,
      },
    ],
  ];
};

const summary = (view: FirmwareView): Section => [
  'SUMMARY',
  11,
  'Summary',
  [
    {
      Elapsed: view.elapsedS,
      'GHS 5s': ghs(view.hashrateThs).toFixed(2),
      'GHS av': ghs(view.averageThs),
      Accepted: view.accepted,
      Rejected: view.rejected,
      Stale: view.stale,
      'Hardware Errors': view.hardwareErrors,
      'Total MH': Math.round(view.terahashes * 1e6),
      'Difficulty Accepted': view.accepted * shareDifficulty,
      'Fee Percent': 2.8,
    },
  ],
];

const pools = (view: FirmwareView): Section => [
  'POOLS',
  7,
  `${view.pools.length} Pool(s)`,
  view.pools.map((pool, at) => ({
    POOL: at,
    URL: pool.url,
    Status: pool.alive ? 'Alive' : 'Dead',
    Priority: at,
    Accepted: pool.accepted,
    Rejected: pool.rejected,
    Stale: pool.stale,
    User: pool.user,
    Type: 0,
    'Stratum Active': pool.active,
  })),
];

const sectionOf = (device: VnishDevice, command: string): Section | undefined => {
  const view = firmwareView(device.miner);
  switch (command) {
    case 'version':
      return ['VERSION', 22, 'CGMiner versions', [{ ...head(device), API: '3.1' }]];
    case 'stats':
      return stats(device, view);
    case 'summary':
      return summary(view);
    case 'pools':
      return pools(view);
    default:
      return undefined;
  }
};

/**
 * The API of cgminer's form that VNish keeps for readers, on TCP 4028; members as an S19 XP under 1.2.0 answered them (recorded in the
 * tests of a Go reader of miners, `minerinfo`). One request a connection, a NUL at the end.
 */
export const vnishRpc = (device: VnishDevice, text: string): RpcAnswer | undefined => {
  if (!device.miner.processUp) return undefined;
  const parsed = request.safeParse(asJson(text.replace(/\0.*$/s, '').trim()));
  const status = (letter: 'S' | 'E', code: number, msg: string) => ({
    STATUS: [
      {
        STATUS: letter,
        When: Math.floor(device.nowMs() / 1000),
        Code: code,
        Msg: msg,
        Description: `cgminer ${software}`,
      },
    ],
  });
  const one = (command: string) => {
    const section = sectionOf(device, command);
    if (!section) return { ...status('E', 14, 'Invalid command'), id: 1 };
    const [name, code, msg, rows] = section;
    return { ...status('S', code, msg), [name]: rows, id: 1 };
  };
  const command = parsed.data?.command;
  const reply =
    command === undefined
      ? { ...status('E', 23, 'Invalid JSON'), id: 1 }
      : command.includes('+')
        ? { ...Object.fromEntries(command.split('+').map((name) => [name, [one(name)]])), id: 1 }
        : one(command);
  return { bytes: Buffer.from(`${JSON.stringify(reply)}\0`, 'utf8'), keepOpen: false };
};
