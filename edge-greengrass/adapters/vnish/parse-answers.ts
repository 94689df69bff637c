import type { MinerReading, MinerState } from '../../../contracts/reading.ts';
import { boardPlaces, mean } from '../board-places.ts';
import { boardValues, type ToldPool } from '../plain-adapter.ts';
import { type Fields, fieldsOf, listOf, maxOf, numberOf, present, scaled, sumOf, textOf } from '../values.ts';

const units: Readonly<Record<string, number>> = { 'TH/s': 1, 'GH/s': 1e-3, 'MH/s': 1e-6 };

/** "10 days, 18:00" or "0:06": days, hours and minutes. */
export const uptimeSeconds = (text: string | undefined): number | undefined => {
  const found = /^(?:(\d+) days?,? *)?(\d+):(\d\d)$/.exec(text ?? '');
  if (!found) return undefined;
  const [, days = '0', hours, minutes] = found;
  return (Number(days) * 24 + Number(hours)) * 3_600 + Number(minutes) * 60;
};

/**
 * Chips of a board that hash. The firmware paints those red that do not: all of them before the board starts (an S19j Pro's answer under
 * 1.2.0-rc5), none of a board that gives what it should (stronghold-digital/libminer's S19, TheGarmr/hass-miner's S21+ Hydro).
 */
const workingChips = (chain: Fields) => {
  const { orange, grey } = fieldsOf(chain.chip_statuses);
  return sumOf([numberOf(orange), numberOf(grey)]);
};

/**
 * Of `/info` and `/summary`. Hashrates are in the unit that `/info` names. Boards cooled by water tell what flows in (TheGarmr/hass-miner,
 * 256foundation/asic-rs).
 */
export const parseValues = (info: Fields, summary: Fields): MinerReading['values'] => {
  const miner = fieldsOf(summary.miner);
  const unit = units[textOf(info.hr_measure) ?? 'GH/s'];
  const ths = (value: unknown) => (unit === undefined ? undefined : scaled(numberOf(value), unit));
  // A miner whose boards did not come up answers zeros.
  const measured = (value: unknown) => {
    const celsius = numberOf(value);
    return celsius === 0 ? undefined : celsius;
  };
  const warmest = (value: unknown) => measured(fieldsOf(value).max);
  const boards = boardPlaces(listOf(miner.chains), (chain) => numberOf(chain.id)).map(
    (chain) =>
      chain && {
        hashrateThs: ths(chain.hashrate_rt),
        chipTempC: warmest(chain.chip_temp),
        boardTempC: warmest(chain.pcb_temp),
        frequencyMhz: numberOf(chain.frequency),
        voltageV: scaled(numberOf(chain.voltage), 1e-3),
        chips: workingChips(chain),
        inletC: measured(chain.inlet_water_temp),
      },
  );
  const cooling = fieldsOf(miner.cooling);
  const [fan1, fan2, fan3, fan4] = listOf(cooling.fans).map((fan) => numberOf(fan.rpm));
  return {
    ...boardValues(boards),
    ...present({
      hashrateThs: ths(miner.hr_realtime) ?? sumOf(boards.map((board) => board?.hashrateThs)),
      expectedHashrateThs: ths(miner.hr_nominal),
      powerW: numberOf(miner.power_consumption),
      inletTempC: maxOf(boards.map((board) => board?.inletC)),
      boardTempC: warmest(miner.pcb_temp) ?? maxOf(boards.map((board) => board?.boardTempC)),
      chipTempC: warmest(miner.chip_temp) ?? maxOf(boards.map((board) => board?.chipTempC)),
      frequencyMhz: mean(boards.map((board) => board?.frequencyMhz)),
      voltageV: maxOf(boards.map((board) => board?.voltageV)),
      fan1Rpm: fan1,
      fan2Rpm: fan2,
      fan3Rpm: fan3,
      fan4Rpm: fan4,
      fanDutyPct: numberOf(cooling.fan_duty),
      hardwareErrors: numberOf(miner.hw_errors),
      uptimeS: uptimeSeconds(textOf(fieldsOf(info.system).uptime)),
    }),
  };
};

/** Words of the maker's document, and further ones that 256foundation/asic-rs takes (`vnish/src/backends/operating_state.rs`). */
const states: Readonly<Record<string, MinerState>> = {
  mining: 'hashing',
  'auto-tuning': 'hashing',
  auto_tuning: 'hashing',
  initializing: 'booting',
  starting: 'booting',
  restarting: 'booting',
  'shutting-down': 'stopped',
  stopped: 'stopped',
  paused: 'stopped',
  failure: 'fault',
  failed: 'fault',
  broken: 'fault',
};

export const stateOf = (status: Fields, hashrateThs: number | undefined): MinerState => {
  const word = textOf(status.miner_state)?.toLowerCase() ?? '';
  const state = Object.hasOwn(states, word) ? states[word] : undefined;
  return state ?? ((hashrateThs ?? 0) > 0 ? 'hashing' : 'idle');
};

/** Pools may be told without the scheme that they were given with. */
const withScheme = (url: string) => (url === '' || url.includes('://') ? url : `stratum+tcp://${url}`);

/** Of `/summary`; the firmware's own pool is left out. */
export const parsePools = (summary: Fields) => {
  const told = fieldsOf(summary.miner).pools;
  if (!Array.isArray(told)) return undefined;
  const entries = listOf(told).filter((pool) => textOf(pool.pool_type) !== 'DevFee');
  const status = (pool: Fields) => textOf(pool.status)?.toLowerCase() ?? '';
  // Of one that is at work some versions say `active` and others `working`, which where both stand means no more than alive.
  const inUse = ['active', 'working'].map((word) => entries.findIndex((pool) => status(pool) === word));
  const sum = (name: string) => sumOf(entries.map((pool) => numberOf(pool[name])));
  return {
    pools: entries.map((pool) => ({
      url: withScheme(textOf(pool.url) ?? ''),
      user: textOf(pool.user) ?? '',
    })),
    values: present({
      acceptedShares: sum('accepted'),
      rejectedShares: sum('rejected'),
      staleShares: sum('stale'),
      poolsAlive: entries.filter((pool) => ['working', 'active', 'rejecting'].includes(status(pool))).length,
      activePool: inUse.find((at) => at >= 0),
    }),
  };
};

/** Of `/settings`, in their order; these tell passwords. */
export const configuredPools = (settings: Fields): ToldPool[] | undefined => {
  const told = fieldsOf(settings.miner).pools;
  if (!Array.isArray(told)) return undefined;
  return listOf(told)
    .toSorted((one, other) => (numberOf(one.order) ?? 0) - (numberOf(other.order) ?? 0))
    .filter((pool) => textOf(pool.url) !== undefined)
    .map(({ url, user, pass }) => ({
      url: withScheme(textOf(url) ?? ''),
      user: textOf(user) ?? '',
      ...(typeof pass === 'string' && { password: pass }),
    }));
};

export const coolingMode = (page: Fields): Fields => {
  const miner = fieldsOf(page.miner);
  const cooling = fieldsOf(miner.cooling);
  return fieldsOf(cooling.mode ?? fieldsOf(cooling.settings).mode);
};

export const fanOf = (page: Fields): number | 'auto' | undefined => {
  const { name, param } = coolingMode(page);
  if (name === 'auto') return 'auto';
  return name === 'manual' ? numberOf(param) : undefined;
};
