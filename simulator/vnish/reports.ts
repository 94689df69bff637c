import { voltageAt } from '../physics/power.ts';
import { type BoardView, firmwareView, type PoolView } from '../site/firmware-view.ts';
import { presetsOf, type VnishDevice } from './device.ts';

export const version = '1.2.6';
const ghs = (ths: number) => Math.round(ths * 1e5) / 100;
const range = (values: readonly number[]) => ({
  max: Math.round(values.length > 0 ? Math.max(...values) : 0),
  min: Math.round(values.length > 0 ? Math.min(...values) : 0),
});

/** The firmware's own words for what the miner does. */
export const minerState = ({ miner }: VnishDevice) => {
  const { phase } = miner.state;
  if (phase === 'starting') return 'starting';
  if (phase === 'tripped') return 'failure';
  if (!miner.settings.hashing || phase === 'off') return 'stopped';
  return phase === 'booting' ? 'initializing' : 'mining';
};

const chainState = (device: VnishDevice, index: number) => {
  if (device.miner.state.boards[index]?.lost) return 'failure';
  const state = minerState(device);
  return state === 'mining' ? 'mining' : state === 'initializing' ? 'initializing' : 'stopped';
};

/** "10 days, 18:00", or "2:05" within the first day. */
const uptimeText = (seconds: number) => {
  const days = Math.floor(seconds / 86_400);
  const minutes = Math.floor((seconds % 86_400) / 60);
  const clock = `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, '0')}`;
  return days === 0 ? clock : `${days} days, ${clock}`;
};

export const info = ({ miner, model }: VnishDevice) => ({
  build_time: '2025-06-03 12:01:44',
  fw_name: 'Vnish',
  fw_version: version,
  install_type: 'nand',
  miner: model,
  model: model.replace(/^Antminer /, '').toLowerCase(),
  platform: 'aml',
  algorithm: 'sha256d',
  hr_measure: 'GH/s',
  serial: miner.identity.serialNumber,
  system: {
    mem_buf: 41_000,
    mem_buf_percent: 18,
    mem_free: 98_000,
    mem_free_percent: 43,
    mem_total: 228_000,
    file_system_version: 'Mon Jun 2 2025',
    miner_name: '',
    network_status: {
      dhcp: true,
      dns: ['192.0.2.1'],
      gateway: '192.0.2.1',
      hostname: miner.identity.minerId,
      ip: '192.0.2.33',
      mac: miner.identity.macAddress,
      netmask: '255.255.255.0',
    },
    os: 'GNU/Linux',
    uptime: uptimeText(firmwareView(miner).uptimeS),
  },
});

const status = (device: VnishDevice) => {
  const state = minerState(device);
  return {
    ...(state === 'failure' && { description: 'Overheat protection', failure_code: 6 }),
    miner_state: state,
    miner_state_time: device.stateSinceS,
  };
};

export const statusPane = (device: VnishDevice, unlocked: boolean) => ({
  ...status(device),
  find_miner: device.miner.settings.ledOn,
  reboot_required: false,
  restart_required: device.restartRequired,
  unlocked,
});

/** What the firmware aims at under its preset or frequency, TH/s. */
const nominalThs = ({ miner }: VnishDevice) => miner.model.hashrateThs * miner.state.fraction;

/** Red are those that do not hash, as an S19j Pro under 1.2.0-rc5 answers of boards that are yet to start. */
const chipStatuses = ({ miner }: VnishDevice, board: BoardView) => {
  const found = board.chipC.length === 0 ? 0 : miner.model.chipsPerBoard;
  const grey = board.hashrateThs > 0 ? board.chips : 0;
  return { red: found - grey, orange: 0, grey };
};

const chain = (device: VnishDevice) => (board: BoardView, index: number) => {
  const { miner } = device;
  const idealThs = nominalThs(device) / miner.model.boards;
  const state = chainState(device, index);
  return {
    id: index + 1,
    frequency: Math.round(board.frequencyMhz * 10) / 10,
    voltage: board.chips > 0 ? Math.round(voltageAt(miner.model, miner.state.fraction) * 1000) : 0,
    power_consumption: Math.round(miner.state.boards[index]?.powerW ?? 0),
    hashrate_ideal: ghs(idealThs),
    hashrate_rt: ghs(board.hashrateThs),
    hashrate_percentage: idealThs > 0 ? Math.round((1e4 * board.hashrateThs) / idealThs) / 100 : 0,
    hr_error: 0.01,
    hw_errors: board.hardwareErrors,
    pcb_temp: range([board.boardC - 8, board.boardC]),
    chip_temp: range(board.chipC),
    chip_statuses: chipStatuses(device, board),
    status: { state, ...(state === 'failure' && { description: 'No chips were found' }) },
  };
};

const poolStatus = (pool: PoolView) => (!pool.alive ? 'offline' : pool.active ? 'active' : 'working');

const pools = ({ miner }: VnishDevice, list: readonly PoolView[]) => {
  const common = { asic_boost: true, diff: '524.29K', diffa: 5.2e9, ls_diff: 524_288, ls_time: '00:00:03' };
  return [
    ...list.map((pool, id) => ({
      id,
      url: pool.url.replace(/^stratum\+tcp:\/\//, ''),
      pool_type: 'UserPool',
      user: pool.user,
      status: poolStatus(pool),
      ...common,
      accepted: pool.accepted,
      rejected: pool.rejected,
      stale: pool.stale,
      ping: 31,
    })),
    {
      id: list.length,
      url: 'devfee.example.com:3333',
      pool_type: 'DevFee',
      user: 'DevFee',
      status: 'working',
      ...common,
      accepted: Math.round((miner.state.pools[0]?.accepted ?? 0) * 0.03),
      rejected: 0,
      stale: 0,
      ping: 44,
    },
  ];
};

const summaryMiner = (device: VnishDevice) => {
  const { miner } = device;
  const view = firmwareView(miner);
  const efficiency = view.hashrateThs > 0 ? Math.round((view.powerW / view.hashrateThs) * 100) / 100 : 0;
  return {
    miner_status: status(device),
    miner_type: `${device.model} (Vnish ${version})`,
    hr_stock: ghs(miner.model.hashrateThs),
    average_hashrate: view.averageThs,
    instant_hashrate: view.hashrateThs,
    hr_realtime: ghs(view.hashrateThs),
    hr_nominal: ghs(nominalThs(device)),
    hr_average: ghs(view.averageThs),
    hr_error: 0.01,
    hw_errors: view.hardwareErrors,
    hw_errors_percent: 0.001,
    pcb_temp: range(view.boards.map((board) => board.boardC)),
    chip_temp: range(view.boards.flatMap((board) => board.chipC)),
    // Deprecated, and the efficiency whatever its name (VNish's API page).
    power_usage: Math.round(efficiency),
    power_consumption: Math.round(view.powerW),
    power_efficiency: efficiency,
    psu: { psu_power_metering: false },
    cooling: {
      fan_num: view.fanRpm.length,
      fans: view.fanRpm.map((rpm, id) => ({
        id,
        rpm,
        status: rpm > 0 || view.fanDutyPct === 0 ? 'ok' : 'lost',
        max_rpm: miner.model.maxFanRpm,
      })),
      settings: { mode: device.cooling },
      fan_duty: view.fanDutyPct,
    },
    chains: view.boards.map(chain(device)),
    found_blocks: 0,
    best_share: 92_000_000,
    devfee: 0.03,
    devfee_percent: 2.8,
    pools: pools(device, view.pools),
  };
};

/** While the mining process is away, its statistics are null. */
export const summary = (device: VnishDevice) => ({
  miner: device.miner.processUp ? summaryMiner(device) : null,
});

export const chains = (device: VnishDevice) => {
  const { miner } = device;
  const view = firmwareView(miner);
  const volts = Math.round((1000 * voltageAt(miner.model, miner.state.fraction)) / miner.model.chipsPerBoard);
  return view.boards.map((board, index) => ({
    id: index + 1,
    freq: Math.round(board.frequencyMhz * 10) / 10,
    hr_nominal: ghs(nominalThs(device) / miner.model.boards),
    hr_realtime: ghs(board.hashrateThs),
    sensors: board.chipC.map((celsius, loc) => ({
      board: Math.round(board.boardC),
      chip: Math.round(celsius),
      loc,
      state: 'measure',
    })),
    status: { state: chainState(device, index) },
    chips: Array.from({ length: board.chips }, (_, id) => ({
      errs: 0,
      freq: Math.round(board.frequencyMhz),
      grade: 'grey',
      hr: ghs(board.hashrateThs / board.chips),
      id: id + 1,
      temp: Math.round(board.chipC[0] ?? 0),
      throttled: false,
      volt: volts,
    })),
  }));
};

export const factoryInfo = ({ miner }: VnishDevice) => ({
  chains: miner.state.boards.map((_, index) => ({
    board_model: 'BHB42601',
    chip_bin: 1,
    freq: miner.model.frequencyMhz,
    hashrate: ghs(miner.model.hashrateThs / miner.model.boards),
    id: index + 1,
    serial: `${miner.identity.serialNumber}B${index + 1}`,
    volt: Math.round(miner.model.voltageV * 1000),
  })),
  has_pics: true,
  hr_stock: ghs(miner.model.hashrateThs),
});

export const presets = ({ miner }: VnishDevice) => [
  { name: 'disabled', pretty: 'Disabled', status: 'untuned', modded_psu_required: false },
  ...presetsOf(miner.model.powerW).map((watts) => ({
    name: String(watts),
    pretty: `${watts} watt ~ ${Math.round((miner.model.hashrateThs * watts) / miner.model.powerW)} TH`,
    status: watts <= miner.model.powerW ? 'tuned' : 'untuned',
    modded_psu_required: false,
  })),
];

/** Passwords of pools come back as they were given. */
export const settings = (device: VnishDevice) => ({
  miner: {
    cooling: { mode: device.cooling, fan_min_count: 4, fan_min_duty: 10, fan_max_duty: 100 },
    misc: { asic_boost: true, restart_hashrate: 0, restart_temp: 90, max_restart_attempts: 3 },
    overclock: {
      chains: Array.from({ length: device.miner.model.boards }, () => ({
        chips: [],
        disabled: false,
        freq: 0,
      })),
      globals: { freq: device.overclock.freq, volt: device.overclock.volt },
      modded_psu: false,
      preset: device.overclock.preset,
      preset_switcher: { enabled: false },
    },
    pools: device.miner.settings.pools.map(({ url, user, password }) => ({
      url: url.replace(/^stratum\+tcp:\/\//, ''),
      user,
      pass: password,
    })),
  },
  network: {
    dhcp: true,
    dnsservers: ['192.0.2.1'],
    gateway: '192.0.2.1',
    hostname: device.miner.identity.minerId,
    ipaddress: '192.0.2.33',
    netmask: '255.255.255.0',
  },
  regional: { timezone: { current: 'GMT' } },
  ui: { dark_side_pane: true, locale: 'en', theme: 'auto' },
});
