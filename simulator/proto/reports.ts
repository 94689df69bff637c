import type { FirmwareView } from '../site/firmware-view.ts';
import type { SimulatedMiner } from '../site/simulated-miner.ts';

/** Slots that hashboards of a rig stand in: three bays of three, one of each empty. */
const boardSlots = [1, 3, 4, 6, 7, 9];
const slotOf = (index: number) => boardSlots[index] ?? index + 1;
const round = (value: number, decimals: number) => Number(value.toFixed(decimals));
const metric = (value: number, unit: string) => ({ value: round(value, 3), unit });
const efficiency = (powerW: number, ths: number) => (ths > 0 ? powerW / ths : 0);
export const powerTargetRange = { min: 2_500, max: 12_000 };

const statusOf = (view: FirmwareView) => {
  switch (view.phase) {
    case 'off':
      return 'Stopped';
    case 'starting':
    case 'booting':
    case 'rebooting':
      return 'PoweringOn';
    case 'tripped':
      return 'Error';
    default:
      if (view.pools.every((pool) => !pool.alive)) return 'NoPools';
      return view.boards.some((board) => board.chipC.length === 0) ? 'DegradedMining' : 'Mining';
  }
};

export const miningStatus = (miner: SimulatedMiner, view: FirmwareView, powerTargetW: number) => ({
  'mining-status': {
    status: statusOf(view),
    mining_uptime_s: view.elapsedS,
    reboot_uptime_s: view.uptimeS,
    average_hashrate_ghs: round(view.averageThs * 1000, 2),
    ideal_hashrate_ghs: round(miner.model.hashrateThs * 1000, 2),
    power_usage_watts: Math.round(view.powerW),
    power_target_watts: powerTargetW,
    power_efficiency_jth: round(efficiency(view.powerW, view.hashrateThs), 2),
    average_hb_temp_c: round(
      view.boards.reduce((sum, board) => sum + board.boardC, 0) / view.boards.length,
      2,
    ),
    average_asic_temp_c: round(view.hottestC - 4, 2),
    hashboards_installed: view.boards.length,
    hashboards_mining: view.boards.filter((board) => board.hashrateThs > 0).length,
    hw_errors: view.hardwareErrors,
  },
});

const boardPowerW = (view: FirmwareView) => view.powerW / view.boards.length;

/** The levels that were asked for; those of chips (`asic`) stand within the hashboards. */
export const telemetry = (view: FirmwareView, levels: ReadonlySet<string>, nowMs: number) => ({
  timestamp: new Date(nowMs).toISOString(),
  ...(levels.has('miner') && {
    miner: {
      hashrate: metric(view.hashrateThs, 'TH/s'),
      temperature: metric(view.hottestC - 5, '°C'),
      power: metric(view.powerW, 'W'),
      efficiency: metric(efficiency(view.powerW, view.hashrateThs), 'J/TH'),
    },
  }),
  ...((levels.has('hashboard') || levels.has('asic')) && {
    hashboards: view.boards
      .map((board, index) => ({ board, index }))
      .filter(({ board }) => board.chipC.length > 0)
      .map(({ board, index }) => ({
        index: slotOf(index),
        serial_number: board.serial,
        hashrate: metric(board.hashrateThs, 'TH/s'),
        temperature: {
          inlet: round(view.inletC + 4, 2),
          outlet: round(board.boardC, 2),
          average: round((view.inletC + 4 + board.boardC) / 2, 2),
          unit: '°C',
        },
        power: metric(boardPowerW(view), 'W'),
        efficiency: metric(efficiency(boardPowerW(view), board.hashrateThs), 'J/TH'),
        voltage: metric(view.voltageV, 'V'),
        current: metric(view.voltageV > 0 ? boardPowerW(view) / view.voltageV : 0, 'A'),
        ...(levels.has('asic') && {
          asics: {
            hashrate: {
              unit: 'TH/s',
              values: Array.from({ length: board.chips }, () => round(board.hashrateThs / board.chips, 3)),
            },
            temperature: {
              unit: '°C',
              values: Array.from({ length: board.chips }, (_, chip) => round(board.chipC[chip % 4] ?? 0, 1)),
            },
          },
        }),
      })),
  }),
  ...(levels.has('psu') && {
    psus: [1, 2, 3].map((index) => ({
      index,
      serial_number: `PSU${index}`,
      voltage: { unit: 'V', input: 240, output: 16.2 },
      current: {
        unit: 'A',
        input: round(view.powerW / 3 / 240, 2),
        output: round(view.powerW / 3 / 16.2, 2),
      },
      power: { unit: 'W', input: round(view.powerW / 3, 1), output: round((view.powerW / 3) * 0.95, 1) },
      temperature: { unit: '°C', hotspot: 62.5, ambient: round(view.inletC + 6, 1), average: 52.3 },
    })),
  }),
});

export const coolingStatus = (miner: SimulatedMiner, view: FirmwareView) => ({
  'cooling-status': {
    fan_mode: miner.settings.fanDutyPct === undefined ? 'Auto' : 'Manual',
    speed_percentage: view.fanDutyPct,
    ...(miner.settings.fanDutyPct === undefined && { target_temperature_c: 50 }),
    fans: view.fanRpm.map((rpm, index) => ({ slot: index + 1, rpm, percentage: view.fanDutyPct })),
  },
});

export const hardware = (miner: SimulatedMiner, view: FirmwareView) => ({
  'hardware-info': {
    'cb-info': { machine_name: 'c3-p1', board_id: '8', serial_number: miner.identity.serialNumber },
    'fans-info': view.fanRpm.map((_, index) => ({
      slot: index + 1,
      name: `Fan ${index + 1}`,
      min_rpm: 0,
      max_rpm: miner.model.maxFanRpm,
    })),
    'hashboards-info': view.boards.map((board, index) => ({
      slot: slotOf(index),
      hb_sn: board.serial,
      board: 'B4_128',
      mining_asic: 'MC2',
      mining_asic_count: miner.model.chipsPerBoard,
      temp_sensor_count: 2,
      port: index,
    })),
    'psus-info': [],
  },
});

export const poolsList = (view: FirmwareView) => ({
  pools: view.pools.map((pool, id) => ({
    id,
    priority: id,
    name: '',
    url: pool.url,
    user: pool.user,
    protocol: 'Stratum V1',
    status: pool.active ? 'Active' : pool.alive ? 'Idle' : 'Dead',
    accepted: pool.accepted,
    rejected: pool.rejected,
    invalid: 0,
    duplicate: 0,
    current_difficulty: 524_288,
  })),
});

/** A bare list, in the vendor's own codes. */
export const errorList = (miner: SimulatedMiner, view: FirmwareView, nowMs: number) => {
  const timestamp = Math.floor(nowMs / 1000);
  const fans = view.fanRpm.flatMap((rpm, index) =>
    rpm === 0
      ? [
          {
            source: 'fan',
            slot: index + 1,
            error_code: 'FanSlow',
            timestamp,
            message: `Fan ${index + 1} has stalled`,
          },
        ]
      : [],
  );
  const boards = view.boards.flatMap((board, index) =>
    board.chipC.length === 0
      ? [
          {
            source: 'hashboard',
            slot: slotOf(index),
            error_code: 'HbCommunication',
            timestamp,
            message: `Hashboard ${slotOf(index)} communication error`,
          },
        ]
      : [],
  );
  const rig = [
    ...(view.pools.every((pool) => !pool.alive)
      ? [
          {
            source: 'rig',
            slot: 0,
            error_code: 'PoolConnectionFailure',
            timestamp,
            message: 'no pool answers',
          },
        ]
      : []),
    ...(view.hottestC > miner.model.throttleChipC
      ? [{ source: 'rig', slot: 0, error_code: 'OverHeat', timestamp, message: 'the rig overheats' }]
      : []),
  ];
  return [...fans, ...boards, ...rig];
};

export const systemInfo = (miner: SimulatedMiner, view: FirmwareView) => ({
  'system-info': {
    product_name: 'Proto Rig',
    manufacturer: 'Proto',
    model: 'Rig',
    board: 'C3',
    soc: 'STM32MP157F',
    cb_sn: miner.identity.serialNumber,
    uptime_seconds: view.uptimeS,
    os: { name: 'Proto Embedded Linux Distribution', version: '1.8.2', variant: 'release', machine: 'c3-p1' },
    web_server: { name: 'miner-api-server', version: '1.8.2' },
    mining_driver_sw: { name: 'mcdd', version: '1.8.2' },
    pool_interface_sw: { name: 'pool-interface', version: '1.8.2' },
  },
});

export const networkInfo = (miner: SimulatedMiner) => ({
  'network-info': {
    dhcp: true,
    hostname: 'proto-miner-1',
    ip: '127.0.0.1',
    mac: miner.identity.macAddress,
    gateway: '127.0.0.1',
    netmask: '255.0.0.0',
  },
});
