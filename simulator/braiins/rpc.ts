import * as z from 'zod';
import { firmwareView } from '../site/firmware-view.ts';
import type { RpcAnswer } from '../wire/rpc-connection.ts';
import { asJson } from '../wire/web-server.ts';
import type { BraiinsDevice } from './device.ts';

const request = z.looseObject({ command: z.string() });
const mhs = (ths: number) => Math.round(ths * 1e8) / 100;
type Section = readonly [name: string, code: number, msg: string, rows: readonly object[]];

/** The API of cgminer's form that Braiins OS keeps for readers, on TCP 4028 (academy.braiins.com, BOSminer API). */
export const braiinsRpc = (device: BraiinsDevice, software: string, text: string): RpcAnswer | undefined => {
  if (!device.miner.processUp) return undefined;
  const parsed = request.safeParse(asJson(text.replace(/\0.*$/s, '').trim()));
  const nowS = Math.floor(device.nowMs() / 1000);
  const status = (letter: 'S' | 'E', code: number, msg: string) => ({
    STATUS: [{ Code: code, Description: `BOSer ${software}`, Msg: msg, STATUS: letter, When: nowS }],
    id: 1,
  });
  const one = (command: string) => {
    const section = sectionOf(device, software, command);
    if (!section) return status('E', 14, 'Invalid command');
    const [name, code, msg, rows] = section;
    return { [name]: rows, ...status('S', code, msg) };
  };
  const reply = !parsed.success
    ? status('E', 23, 'Invalid JSON')
    : parsed.data.command.includes('+')
      ? {
          ...Object.fromEntries(parsed.data.command.split('+').map((name) => [name, [one(name)]])),
          id: 1,
        }
      : one(parsed.data.command);
  return { bytes: Buffer.from(`${JSON.stringify(reply)}\0`, 'utf8'), keepOpen: false };
};

const sectionOf = (device: BraiinsDevice, software: string, command: string): Section | undefined => {
  const view = firmwareView(device.miner);
  switch (command) {
    case 'version':
      return ['VERSION', 22, 'BOSer versions', [{ API: '3.7', BOSer: software }]];
    case 'summary':
      return [
        'SUMMARY',
        11,
        'Summary',
        [
          {
            Elapsed: device.bosminerUptimeS,
            'MHS 5s': mhs(view.hashrateThs),
            'MHS 1m': mhs(view.hashrateThs),
            'MHS av': mhs(view.averageThs),
            Accepted: view.accepted,
            Rejected: view.rejected,
            Stale: view.stale,
            'Hardware Errors': view.hardwareErrors,
          },
        ],
      ];
    case 'devs':
      return [
        'DEVS',
        9,
        `${view.boards.length} ASC(s)`,
        view.boards.map((board, index) => ({
          ASC: index,
          ID: index + 1,
          Enabled: 'Y',
          Status: board.chips > 0 ? 'Alive' : 'Dead',
          ...Object.fromEntries(
            ['5s', '1m', '5m', '15m', 'av'].map((span) => [`MHS ${span}`, mhs(board.hashrateThs)]),
          ),
          'Nominal MHS': mhs(board.idealThs),
        })),
      ];
    case 'pools':
      return [
        'POOLS',
        7,
        `${view.pools.length} Pool(s)`,
        view.pools.map((pool, index) => ({
          POOL: index,
          URL: pool.url,
          User: pool.user,
          Status: pool.alive ? 'Alive' : 'Dead',
          'Stratum Active': pool.active,
          Accepted: pool.accepted,
          Rejected: pool.rejected,
          Stale: pool.stale,
        })),
      ];
    case 'devdetails':
      return [
        'DEVDETAILS',
        69,
        'Device Details',
        view.boards.map((board, index) => ({
          DEVDETAILS: index,
          ID: index + 1,
          Name: '',
          Driver: '',
          Kernel: '',
          Model: device.model,
          Chips: board.chips,
        })),
      ];
    case 'tunerstatus':
      return [
        'TUNERSTATUS',
        205,
        'Tuner Status',
        [
          {
            ApproximateMinerPowerConsumption: Math.round(view.powerW),
            DynamicPowerScaling: 'Disabled',
            PowerLimit: device.powerTargetW,
            TunerRunning: true,
          },
        ],
      ];
    case 'fans':
      return [
        'FANS',
        202,
        `${view.fanRpm.length} Fan(s)`,
        view.fanRpm.map((rpm, index) => ({ FAN: index, ID: index, RPM: rpm, Speed: view.fanDutyPct })),
      ];
    case 'temps':
      return [
        'TEMPS',
        201,
        `${view.boards.length} Temp(s)`,
        view.boards.map((board, index) => ({
          Board: Math.round(board.boardC),
          Chip: Math.round(board.chipC[0] ?? 0),
          ID: index + 1,
          TEMP: index,
        })),
      ];
    default:
      return undefined;
  }
};
