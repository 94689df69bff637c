import { firmwareView } from '../../site/firmware-view.ts';
import type { BraiinsDevice } from '../device.ts';
import type { Tree } from './run-query.ts';

const mhs = (ths: number) => Math.round(ths * 1e8) / 100;
const half = (value: number) => Math.round(value * 2) / 2;
const rates = (ths: number, meanThs = ths) => ({
  mhs5S: mhs(ths),
  mhs1M: mhs(ths),
  mhs15M: mhs(meanThs),
  mhsAv: mhs(meanThs),
});

/** Control boards of the first generations have four fan headers, whatever is plugged in. */
const fanHeaders = 4;
/** An Antminer S9 numbers its boards from 6. */
const firstBoard = 6;

/** While bosminer stands, it has neither solver nor pools to tell of. */
const info = (device: BraiinsDevice): Tree => {
  const { miner } = device;
  const view = firmwareView(miner);
  const stands = device.paused || view.phase === 'off' || view.phase === 'starting';
  return {
    modelName: device.model,
    summary: {
      realHashrate: rates(view.hashrateThs, view.averageThs),
      poolStatus: view.pools.some((pool) => pool.active) ? 'OK' : 'DEAD',
      tunerStatus: 'STABLE',
      temperature: { degreesC: half(view.hottestC) },
      power: { approxConsumptionW: Math.round(view.powerW), limitW: device.powerTargetW },
    },
    fans: Array.from({ length: fanHeaders }, (_, at) => ({
      name: String(at),
      speed: view.fanDutyPct,
      rpm: view.fanRpm[at] ?? 0,
    })),
    workSolver: stands
      ? null
      : {
          nominalMhs: mhs(view.idealThs),
          realHashrate: rates(view.hashrateThs, view.averageThs),
          childSolvers: view.boards.map((board, at) => ({
            name: String(firstBoard + at),
            nominalMhs: mhs(board.idealThs),
            realHashrate: rates(board.hashrateThs),
            hwDetails: { chips: board.chips, frequencyMhz: board.frequencyMhz, voltageV: view.voltageV },
            temperatures: [
              { name: 'Board', degreesC: half(board.boardC) },
              { name: 'Chip', degreesC: half(board.chipC[0] ?? 0) },
            ],
          })),
        },
    poolGroups: stands
      ? null
      : [
          {
            name: device.group.group,
            pools: view.pools.map((pool) => ({
              url: pool.url,
              user: pool.user,
              status: pool.alive ? 'ALIVE' : 'DEAD',
              active: pool.active,
              shares: { acceptedSolutions: pool.accepted, rejectedSolutions: pool.rejected },
            })),
          },
        ],
  };
};

/** The configuration, which anybody may read, with the pools' passwords. */
const config = (device: BraiinsDevice): Tree => {
  const { key, pools } = device.configured;
  const duty = device.miner.settings.fanDutyPct;
  return {
    __typename: 'BosminerConfig',
    groups: [
      {
        id: '0',
        name: key.group,
        strategy: { __typename: 'QuotaStrategy', quota: key.quota },
        pools: pools.map((pool, at) => ({
          id: String(at),
          url: pool.url,
          user: pool.user,
          password: pool.password,
          enabled: true,
        })),
      },
    ],
    tempControl: { mode: duty === undefined ? 'AUTO' : 'MANUAL', targetTemp: device.miner.model.targetChipC },
    fanControl: { speed: duty ?? null, minFans: 1 },
    autotuning: {
      enabled: true,
      mode: 'POWER_TARGET',
      powerTarget: device.powerTargetW,
      hashrateTarget: null,
    },
  };
};

/** What a query may select. */
export const queryRoot = (device: BraiinsDevice): Tree => ({
  __typename: 'Query',
  bos: {
    __typename: 'BosQuery',
    hostname: `miner-${device.miner.identity.macAddress.replaceAll(':', '').slice(-6)}`,
    faultLight: device.miner.settings.ledOn,
    info: { version: { full: device.version } },
    uptime: { durationS: firmwareView(device.miner).uptimeS },
  },
  bosminer: { __typename: 'BosminerQuery', config: config(device), info: info(device) },
  events: { appeals: [] },
});
