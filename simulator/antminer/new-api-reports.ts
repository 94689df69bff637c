import { shareDifficulty } from '../physics/miner-state.ts';
import type { FirmwareView } from '../site/firmware-view.ts';
import type { SimulatedMiner } from '../site/simulated-miner.ts';
import { chainObjects } from './chain-reports.ts';
import { compileTime, minerVersion, reportsNothing } from './rpc-reports.ts';

/** The pages that both the HTTP interface and the RPC's `new_api` give. */
export const newApiPages = ['stats', 'summary', 'pools'] as const;
export type NewApiPage = (typeof newApiPages)[number];

const round = (value: number) => Number(value.toFixed(2));

const rates = (view: FirmwareView) => ({
  elapsed: view.elapsedS,
  rate_5s: round(view.hashrateThs * 1000),
  rate_30m: round(view.halfHourThs * 1000),
  rate_avg: round(view.averageThs * 1000),
  rate_ideal: view.idealThs * 1000,
  rate_unit: 'GH/s',
});

/** A page: its envelope has one status object, lower-case `when`, and the firmware's INFO. */
export const newApiReport = (
  page: NewApiPage,
  miner: SimulatedMiner,
  view: FirmwareView,
  nowS: number,
  mode: string,
) => {
  const empty = !miner.processUp || reportsNothing(miner, view);
  const sections = {
    stats: () => ({ STATS: empty ? [] : [stats(miner, view, mode)] }),
    summary: () => ({ SUMMARY: empty ? [] : [summary(miner, view)] }),
    pools: () => ({ POOLS: miner.processUp ? pools(view) : [] }),
  };
  return {
    STATUS: { STATUS: 'S', when: nowS, Msg: page, api_version: '1.0.0' },
    INFO: { miner_version: minerVersion, CompileTime: compileTime(miner), type: miner.identity.model },
    ...sections[page](),
  };
};

const stats = (miner: SimulatedMiner, view: FirmwareView, mode: string) => ({
  ...rates(view),
  chain_num: miner.model.boards,
  fan_num: view.fanRpm.length,
  fan: [...view.fanRpm],
  hwp_total: 0,
  'miner-mode': Number(mode),
  'freq-level': Math.round(miner.settings.frequencyPct),
  ...(miner.identity.model === 'Antminer S21' && { watt: Math.round(view.powerW) }),
  chain: chainObjects(view),
});

const summary = (miner: SimulatedMiner, view: FirmwareView) => {
  const fanLost = view.fanRpm.some((rpm) => rpm === 0);
  const tooHot = view.hottestC > miner.model.throttleChipC || view.phase === 'tripped';
  const boardLost = view.phase === 'hashing' && view.boards.some((board) => board.chips === 0);
  const item = (type: string, bad: boolean, code: number, msg: string) =>
    bad ? { type, status: 'e', code, msg } : { type, status: 's', code: 0, msg: '' };
  return {
    ...rates(view),
    hw_all: view.hardwareErrors,
    bestshare: 12_904_207_043,
    status: [
      item('rate', boardLost, 1, 'ERROR_ASIC_LOSS'),
      item('network', !view.pools.some((pool) => pool.alive), 2, 'ERROR_NETWORK_LOST'),
      item('fans', fanLost, 3, 'ERROR_FAN_LOST'),
      item('temp', tooHot, 4, 'ERROR_TEMP_TOO_HIGH'),
    ],
  };
};

const pools = (view: FirmwareView) =>
  view.pools.map((pool, index) => ({
    index,
    url: pool.url,
    user: pool.user,
    status: pool.alive ? 'Alive' : 'Dead',
    priority: index,
    getworks: pool.active ? Math.floor(view.elapsedS / 12) : 0,
    accepted: pool.accepted,
    rejected: pool.rejected,
    discarded: 0,
    stale: pool.stale,
    diff: pool.active ? '524K' : '',
    diff1: 0,
    diffa: pool.accepted * shareDifficulty,
    diffr: pool.rejected * shareDifficulty,
    diffs: pool.stale * shareDifficulty,
    lsdiff: pool.accepted > 0 ? shareDifficulty : 0,
    lstime: pool.accepted > 0 ? '0:00:03' : '0',
  }));
