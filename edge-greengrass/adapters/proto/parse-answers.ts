import type { MinerReading, MinerState } from '../../../contracts/reading.ts';
import { boardValues, type ToldPool } from '../plain-adapter.ts';
import { type Fields, fieldsOf, listOf, maxOf, numberOf, present, scaled, sumOf, textOf } from '../values.ts';
import type { RestAnswer } from './rest-session.ts';

const minOf = (values: readonly (number | undefined)[]) => {
  const least = maxOf(values.map((value) => scaled(value, -1)));
  return scaled(least, -1);
};
const warm = (value: unknown) => {
  const celsius = numberOf(value);
  return celsius !== undefined && celsius > 0 ? celsius : undefined;
};
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** A metric is `{"value":…,"unit":…}`; the document has one unit for each, and another one is not guessed at. */
const metric = (value: unknown, unit: string) => {
  const { value: number, unit: said } = fieldsOf(value);
  return said === undefined || said === unit ? numberOf(number) : undefined;
};

/** Serial numbers of the installed hashboards, by slot: which board is which when one is lost. */
export const boardSerials = (answer: Fields): readonly string[] =>
  listOf(fieldsOf(answer['hardware-info'])['hashboards-info'])
    .toSorted((one, other) => (numberOf(one.slot) ?? 0) - (numberOf(other.slot) ?? 0))
    .flatMap((board) => textOf(board.hb_sn) ?? []);

const boardsOf = (telemetry: Fields, serials: readonly string[]) => {
  const told = listOf(telemetry.hashboards);
  const places =
    serials.length > 0
      ? serials.map((serial) => told.find((board) => textOf(board.serial_number) === serial))
      : told.toSorted((one, other) => (numberOf(one.index) ?? 0) - (numberOf(other.index) ?? 0));
  return places.map((board) => {
    if (!board) return undefined;
    const chips = fieldsOf(fieldsOf(board.asics).temperature);
    const temperature = fieldsOf(board.temperature);
    return {
      hashrateThs: metric(board.hashrate, 'TH/s'),
      chipTempC: maxOf(list(chips.values).map(warm)),
      inletTempC: warm(temperature.inlet),
      outletTempC: warm(temperature.outlet),
      voltageV: metric(board.voltage, 'V'),
    };
  });
};

/** `mining-status` in GH/s and W; `telemetry` in TH/s, W, °C and V. A rig has up to nine boards, a reading places for three. */
export const parseValues = (
  { mining, telemetry, cooling }: { mining: Fields; telemetry: Fields; cooling: Fields },
  serials: readonly string[],
): MinerReading['values'] => {
  const status = fieldsOf(mining['mining-status']);
  const whole = fieldsOf(telemetry.miner);
  const boards = boardsOf(telemetry, serials);
  const cooled = fieldsOf(cooling['cooling-status']);
  const fan = (slot: number) =>
    numberOf(listOf(cooled.fans).find((entry) => numberOf(entry.slot) === slot)?.rpm);
  return {
    ...boardValues(boards),
    ...present({
      hashrateThs: metric(whole.hashrate, 'TH/s') ?? sumOf(boards.map((board) => board?.hashrateThs)),
      expectedHashrateThs: scaled(numberOf(status.ideal_hashrate_ghs), 1e-3),
      powerW: metric(whole.power, 'W') ?? numberOf(status.power_usage_watts),
      powerLimitW: numberOf(status.power_target_watts),
      inletTempC: minOf(boards.map((board) => board?.inletTempC)),
      boardTempC: maxOf(boards.map((board) => board?.outletTempC)),
      chipTempC: maxOf(boards.map((board) => board?.chipTempC)) ?? warm(status.average_asic_temp_c),
      voltageV: maxOf(boards.map((board) => board?.voltageV)),
      fan1Rpm: fan(1),
      fan2Rpm: fan(2),
      fan3Rpm: fan(3),
      fan4Rpm: fan(4),
      fanDutyPct: numberOf(cooled.speed_percentage),
      hardwareErrors: numberOf(status.hw_errors),
      uptimeS: numberOf(status.reboot_uptime_s),
    }),
  };
};

const states: Readonly<Record<string, MinerState>> = {
  mining: 'hashing',
  degradedmining: 'hashing',
  poweringon: 'booting',
  uninitialized: 'booting',
  poweringoff: 'stopped',
  stopped: 'stopped',
  nopools: 'idle',
  error: 'fault',
};

/** By the miner's own word; where it says none that is known, by what it hashes. */
export const stateOf = (mining: Fields, hashrateThs: number | undefined): MinerState => {
  const word = textOf(fieldsOf(mining['mining-status']).status)?.toLowerCase() ?? '';
  const state = Object.hasOwn(states, word) ? states[word] : undefined;
  return state ?? ((hashrateThs ?? 0) > 0 ? 'hashing' : 'idle');
};

/** Of the pools one is Active, others Idle (alive, not in use), Dead or Unknown. */
export const parsePools = (answer: Fields): { pools: ToldPool[]; values: MinerReading['values'] } => {
  if (!Array.isArray(answer.pools)) return { pools: [], values: {} };
  const entries = listOf(answer.pools).toSorted(
    (one, other) => (numberOf(one.priority) ?? 9) - (numberOf(other.priority) ?? 9),
  );
  const status = (pool: Fields) => textOf(pool.status)?.toLowerCase();
  const active = entries.findIndex((pool) => status(pool) === 'active');
  const sum = (name: string) => sumOf(entries.map((pool) => numberOf(pool[name])));
  return {
    pools: entries.map((pool) => ({ url: textOf(pool.url) ?? '', user: textOf(pool.user) ?? '' })),
    values: present({
      acceptedShares: sum('accepted'),
      rejectedShares: sum('rejected'),
      poolsAlive: entries.filter((pool) => ['active', 'idle'].includes(status(pool) ?? '')).length,
      activePool: active < 0 ? undefined : active,
    }),
  };
};

export const fanOf = (cooling: Fields): number | 'auto' | undefined => {
  const { fan_mode: mode, speed_percentage: pct } = fieldsOf(cooling['cooling-status']);
  const word = textOf(mode)?.toLowerCase();
  if (word === 'auto') return 'auto';
  return word === 'manual' ? numberOf(pct) : undefined;
};

/** A bare list, or one under `errors`; codes are words such as `FanSlow`, of some firmware numbers. */
export const parseErrors = ({ fields, list: bare }: RestAnswer): string[] => {
  const codes = listOf(bare.length > 0 ? bare : fields.errors).flatMap((entry) => {
    const code =
      textOf(entry.error_code) ??
      (numberOf(entry.error_code) === undefined ? undefined : String(numberOf(entry.error_code)));
    return code === undefined || code.length > 40 ? [] : [code];
  });
  return [...new Set(codes)].slice(0, 32);
};
