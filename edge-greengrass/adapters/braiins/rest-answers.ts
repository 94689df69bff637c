import type { MinerReading, MinerState } from '../../../contracts/reading.ts';
import { boardPlaces, mean, minOf } from '../board-places.ts';
import { boardValues, type ToldPool } from '../plain-adapter.ts';
import { type Fields, fieldsOf, listOf, maxOf, numberOf, present, scaled, sumOf, textOf } from '../values.ts';
import type { TunerTarget } from './dialect.ts';

/** Every number of this API stands under the name of its unit: `{"watt":2472}`. */
const unit = (value: unknown, name: string) => numberOf(fieldsOf(value)[name]);
const ghs = (value: unknown) => scaled(unit(value, 'gigahash_per_second'), 1e-3);
const celsius = (value: unknown) => unit(value, 'degree_c');

const nowThs = (stats: unknown) => ghs(fieldsOf(fieldsOf(stats).real_hashrate).last_5s);

export type RestPages = {
  readonly details: Fields;
  readonly stats: Fields;
  readonly boards: Fields;
  readonly cooling: Fields;
  readonly configuration: Fields;
};

const parseBoard = (board: Fields) => ({
  hashrateThs: nowThs(board.stats),
  chipTempC: celsius(fieldsOf(board.highest_chip_temp).temperature),
  chips: numberOf(board.chips_count),
  boardTempC: celsius(board.board_temp),
  inletTempC: celsius(board.lowest_inlet_temp),
  frequencyMhz: scaled(unit(board.current_frequency, 'hertz'), 1e-6),
  voltageV: unit(board.current_voltage, 'volt'),
});

export const fanDutyPct = (cooling: Fields) => {
  const ratio = maxOf(listOf(cooling.fans).map((fan) => numberOf(fan.target_speed_ratio)));
  return ratio === undefined ? undefined : Math.round(ratio * 100);
};

export const parseRestValues = (pages: RestPages): MinerReading['values'] => {
  const named = boardPlaces(listOf(pages.boards.hashboards), (board) => numberOf(board.id));
  const boards = named.map((board) => board && parseBoard(board));
  const whole = fieldsOf(pages.stats.miner_stats);
  const shares = fieldsOf(pages.stats.pool_stats);
  const fans = listOf(pages.cooling.fans);
  const fan = (position: number) =>
    numberOf(fans.find((entry) => numberOf(entry.position) === position)?.rpm);
  return {
    ...boardValues(boards),
    ...present({
      hashrateThs: nowThs(whole) ?? sumOf(boards.map((board) => board?.hashrateThs)),
      expectedHashrateThs: ghs(whole.nominal_hashrate),
      powerW: unit(fieldsOf(pages.stats.power_stats).approximated_consumption, 'watt'),
      powerLimitW: restTarget(pages.configuration).watts,
      inletTempC: minOf(boards.map((board) => board?.inletTempC)),
      boardTempC: maxOf(boards.map((board) => board?.boardTempC)),
      chipTempC: maxOf(boards.map((board) => board?.chipTempC)),
      frequencyMhz: mean(boards.map((board) => board?.frequencyMhz)),
      voltageV: maxOf(boards.map((board) => board?.voltageV)),
      fan1Rpm: fan(0),
      fan2Rpm: fan(1),
      fan3Rpm: fan(2),
      fan4Rpm: fan(3),
      fanDutyPct: fanDutyPct(pages.cooling),
      acceptedShares: numberOf(shares.accepted_shares),
      rejectedShares: numberOf(shares.rejected_shares),
      staleShares: numberOf(shares.stale_shares),
      uptimeS: numberOf(pages.details.system_uptime_s) ?? numberOf(pages.details.system_uptime),
    }),
  };
};

/** `MinerStatus` of the API: 1 not started, 2 normal, 3 paused, 4 suspended, 5 restricted. */
export const restState = (details: Fields, hashrateThs: number | undefined): MinerState => {
  const status = numberOf(details.status);
  if (status === 1 || status === 3) return 'stopped';
  return (hashrateThs ?? 0) > 0 ? 'hashing' : 'idle';
};

/** `TunerMode`: 1 aims at watts, 2 at a hashrate. */
export const restTarget = (configuration: Fields): TunerTarget => {
  const tuner = fieldsOf(configuration.tuner);
  const mode = numberOf(tuner.tuner_mode);
  const watts = unit(tuner.power_target, 'watt');
  const hashrateThs = unit(tuner.hashrate_target, 'terahash_per_second');
  if (tuner.enabled === false) return {};
  if (mode === 2 && hashrateThs !== undefined) return { hashrateThs };
  return watts === undefined ? {} : { watts };
};

/** How the fans are steered, where the configuration says it: a member `auto` or `manual`, or `CoolingMode` 1 and 2. */
export const restFan = (configuration: Fields, dutyPct: number | undefined): number | 'auto' | undefined => {
  const cooling = fieldsOf(configuration.cooling ?? configuration.temperature);
  const mode = { ...cooling, ...fieldsOf(cooling.mode) };
  const ratio = numberOf(fieldsOf(mode.manual).fan_speed_ratio);
  if (ratio !== undefined) return Math.round(ratio * 100);
  if (mode.auto || numberOf(cooling.mode) === 1) return 'auto';
  return mode.manual || numberOf(cooling.mode) === 2 ? dutyPct : undefined;
};

/** Groups of pools share the work; within one the first that lives has it. `user` is told, the password never. */
export const parseRestPools = (groups: readonly Fields[]) => {
  const entries = groups.flatMap((group) => listOf(group.pools)).filter((pool) => pool.enabled !== false);
  const active = entries.findIndex((pool) => pool.active === true);
  const pools: ToldPool[] = entries.map((pool) => ({
    url: textOf(pool.url) ?? '',
    user: textOf(pool.user) ?? '',
  }));
  return {
    pools,
    values: present({
      poolsAlive: entries.filter((pool) => pool.alive === true).length,
      activePool: active < 0 ? undefined : active,
    }),
  };
};

/** The page is a history; what still holds is what was said in the last ten minutes, by the clocks of both. */
const recentMs = 600_000;
export const parseRestErrors = (answer: Fields, nowMs: number): string[] => {
  const recent = listOf(answer.errors).filter(
    (entry) => Math.abs(nowMs - Date.parse(textOf(entry.timestamp) ?? '')) <= recentMs,
  );
  const codes = recent
    .flatMap((entry) => listOf(entry.error_codes))
    .flatMap((entry) => textOf(entry.code) ?? []);
  return [...new Set(codes)].filter((code) => code.length <= 40).slice(0, 32);
};
