import { voltageAt } from '../physics/power.ts';
import { type BoardView, firmwareView } from '../site/firmware-view.ts';
import type { EpicDevice } from './device.ts';

const mhs = (ths: number) => Math.round(ths * 1e6);
const thousandth = (value: number) => Math.round(value * 1000) / 1000;
const fanSlots = 12;

const operatingState = ({ miner }: EpicDevice) => {
  const { phase } = miner.state;
  if (!miner.settings.hashing || phase === 'off' || phase === 'tripped') return 'Idling';
  return phase === 'hashing' || phase === 'ramping' ? 'Mining' : 'Initializing';
};

const summary = (device: EpicDevice) => {
  const { miner } = device;
  const view = firmwareView(miner);
  const nowS = Math.floor(device.nowMs() / 1000);
  const startedS = nowS - device.uptimeS;
  const millivolts = Math.round(voltageAt(miner.model, miner.state.fraction) * 1000);
  const live = view.boards.map((board, index) => ({ board, index })).filter(({ board }) => board.chips > 0);
  const active = view.pools.findIndex((pool) => pool.active);
  const fansRpm = Object.fromEntries(
    Array.from({ length: fanSlots }, (_, slot) => [`Fans Speed ${slot + 1}`, view.fanRpm[slot] ?? null]),
  );
  const unknown = {
    'Input Current': 0,
    'Input Voltage': 0,
    'Output Current': 0,
    'Output Power': 0,
  };
  return {
    'Disable Board On Failure': true,
    'Enable Boards On Idle': false,
    Fans: {
      'Fan Mode':
        miner.settings.fanDutyPct === undefined
          ? { Auto: { 'Idle Speed': 20, 'Target Temperature': 60 } }
          : { Manual: miner.settings.fanDutyPct },
      'Fans Speed': view.fanDutyPct,
      'Minimum Working Fans': 0,
    },
    'Fans Rpm': fansRpm,
    HBStatus: miner.state.boards.map((board, index) => ({
      Detected: !board.lost,
      Enabled: !board.lost,
      Index: index,
    })),
    HBs: live.map(({ board, index }) => ({
      'Core Clock': [],
      'Core Clock Avg': thousandth(board.frequencyMhz),
      Hashrate: [
        mhs(board.hashrateThs),
        Math.round((1000 * board.hashrateThs) / Math.max(board.idealThs * miner.state.fraction, 1e-6)) / 10,
        0.8,
      ],
      Index: index,
      ...unknown,
      'Input Power': 0,
      'Input Voltage': millivolts / 1000,
      'Output Voltage': 0,
      Temperature: thousandth(board.boardC),
    })),
    Hostname: miner.identity.minerId,
    HwConfig: {
      'Boards Target Clock': live.map(({ index }) => ({
        Data: thousandth(view.targetFrequencyMhz),
        Index: index,
      })),
    },
    IdleOnConnectionLost: true,
    'Last License Error': null,
    Mining: { Algorithm: 'SHA-256', Coin: 'BTC' },
    Misc: {
      'Critical Temp': 100,
      'Locate Miner State': miner.settings.ledOn,
      'Shutdown Temp': 85,
    },
    'OS Type': 'umcOS',
    Overdrive: false,
    PerpetualTune: {
      Algorithm: {
        [device.algorithm]: {
          'Min Throttle Target': 50,
          Optimized: false,
          Target: device.targetThs,
          'Throttle Step': 5,
          'Throttle Target': null,
          Unit: 'TH/s',
        },
      },
      Running: device.tuning,
    },
    'Power Supply Stats': {
      ...unknown,
      'Input Power': Math.round(view.powerW * 1e4) / 1e4,
      'Output Voltage': millivolts / 1000,
      'Target Voltage': millivolts,
    },
    PresetInfo: { 'Target Power': miner.model.powerW },
    Session: {
      Accepted: view.accepted,
      'Active HBs': live.length,
      'Average MHs': mhs(view.averageThs),
      Difficulty: 524_288,
      'Last Accepted Share Timer': 25,
      'Last Accepted Share Timestamp': nowS - 25,
      'Last Work Timer': 34,
      'Last Work Timestamp': nowS - 34,
      LastAverageMHs: { Hashrate: mhs(view.averageThs), Timestamp: nowS - (nowS % 900) },
      Rejected: view.rejected,
      'Startup String': new Date(startedS * 1000).toUTCString().replace('GMT', '+0000'),
      'Startup Timestamp': startedS,
      Submitted: view.accepted + view.rejected,
      Uptime: device.uptimeS,
      WorkReceived: 641,
    },
    Software: 'PowerPlay-BMS v1.5.13',
    Status: {
      'Last Command': device.lastCommand,
      'Last Command Result': device.lastCommand === null ? null : 'Success',
      'Last Error': view.phase === 'tripped' ? 'Shutdown temperature exceeded' : null,
      'Operating State': operatingState(device),
    },
    Stratum: {
      'Average Latency': 0.038,
      'Config Id': Math.max(active, 0),
      'Current Pool': (view.pools[active]?.url ?? '').replace(/^stratum\+\w+:\/\//, ''),
      'Current User': view.pools[active]?.user ?? '',
      IsPoolConnected: active >= 0,
      'Worker Unique Id': device.uniqueId,
      'Worker Unique Id Variant': 'IpAddress',
    },
    StratumConfigs: miner.settings.pools.map(({ url, user, password }) => ({
      login: user,
      password,
      pool: url,
    })),
  };
};

const capabilities = ({ miner, model }: EpicDevice) => ({
  'Board Serial Numbers': firmwareView(miner)
    .boards.filter((board) => board.chips > 0)
    .map((board) => board.serial),
  'Chip Type': 'BM1366',
  'Chips Per Bank': 10,
  Coins: ['BTC'],
  'Control Board Version': {
    carrierBoardVersion: '4.1.0',
    cpuHardware: 'STM32 (Device Tree Support)',
    cpuSerial: miner.identity.serialNumber,
    somBoardVersion: '7.1.0',
  },
  'Default Clock': miner.model.frequencyMhz,
  'Default Hashrate': Math.round(miner.model.hashrateThs),
  'Default Voltage': Math.round(miner.model.voltageV * 1000),
  Display: ['ClksAndVoltage', 'ShutdownTemp', 'PerpetualTune'],
  'Max Clock Configs': 1,
  'Max HBs': miner.model.boards,
  Model: model,
  'Model Subtype': 'BHB56801',
  'Performance Estimator': { 'Chip Count': miner.model.chipsPerBoard, 'Hashes Per Second Per Chip': 894 },
  PerpetualTune: ['VoltageOptimizer', 'ChipTune', 'BoardTune'].map((algorithm) => ({
    algorithm,
    description: `${algorithm} keeps the target hashrate`,
    max: 300,
    min: 60,
    name: algorithm,
  })),
  'Psu Info': { FW: 25, 'Max Vout': 15_182, 'Min Vout': 11_877, 'PSU Type': 118 },
  'Temp Sensor Info': { Count: 2, Type: 'Board' },
  'Tune Presets': [0.56, 0.7, 0.84, 1, 1.1].map((share) => ({
    clk: Math.round(miner.model.frequencyMhz * share),
    hashrate: Math.round(miner.model.hashrateThs * share),
    power: Math.round((miner.model.powerW * share) / 50) * 50,
    voltage: Math.round(voltageAt(miner.model, share) * 1000),
  })),
  'Voltage Estimator': { Slope: 0.0041, 'Y Intercept': 11 },
});

/** Two sensors on each board, that at the intake first. */
const temps = ({ miner }: EpicDevice) => {
  const view = firmwareView(miner);
  return view.boards.map((board, index) => ({
    Data: [thousandth(board.boardC - (board.boardC - view.inletC) * 0.35), thousandth(board.boardC)],
    Index: index,
    Total: 0,
  }));
};

const perChip = (
  device: EpicDevice,
  data: (board: BoardView) => unknown,
  total: (board: BoardView) => unknown = () => 0,
) =>
  firmwareView(device.miner).boards.flatMap((board, index) =>
    board.chips === 0
      ? []
      : [
          {
            Data: Array.from({ length: board.chips }, () => data(board)),
            Index: index,
            Total: total(board),
          },
        ],
  );

const network = ({ miner }: EpicDevice) => ({
  dhcp: {
    address: '192.0.2.19',
    dns: '192.0.2.1',
    gateway: '192.0.2.1',
    mac_address: miner.identity.macAddress.toLowerCase(),
    netmask: '255.255.255.0',
  },
});

/** What can be asked without the password. */
export const pages: Readonly<Record<string, (device: EpicDevice) => unknown>> = {
  summary,
  capabilities,
  network,
  temps,
  'temps/chip': (device) => perChip(device, () => 0),
  voltages: (device) => perChip(device, () => 0),
  clocks: (device) => perChip(device, (board) => thousandth(board.frequencyMhz)),
  hashrate: (device) =>
    perChip(
      device,
      (board) => [mhs(board.hashrateThs / board.chips), 100, 4],
      (board) => [mhs(board.hashrateThs), 100, 4],
    ),
  history: (device) => ({
    History: [
      {
        Hashrate: mhs(firmwareView(device.miner).averageThs),
        Timestamp: Math.floor(device.nowMs() / 1000),
      },
    ],
  }),
};
