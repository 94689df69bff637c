import type { FirmwareView } from '../site/firmware-view.ts';
import type { SimulatedMiner } from '../site/simulated-miner.ts';
import type { AxeBoard } from './board.ts';

/** A pool as AxeOS splits it. */
const poolFields = (url: string) => {
  const parts = /^(?:[a-z+]+:\/\/)?([^:/]+)(?::(\d+))?/.exec(url);
  return { host: parts?.[1] ?? '', port: Number(parts?.[2] ?? 3333), tls: url.startsWith('stratum+ssl') };
};

export type AxeState = {
  /** Pools as stored; those in use follow with the next boot, where the firmware waits for one. */
  readonly stored: SimulatedMiner['settings']['pools'];
  readonly coreVoltageMv: number;
};

/** `GET /api/system/info`: GH/s, W, mV, mA, °C. */
export const systemInfo = (miner: SimulatedMiner, view: FirmwareView, board: AxeBoard, state: AxeState) => {
  const { settings } = miner;
  const [first, second] = state.stored;
  const pool = poolFields(first?.url ?? '');
  const fallback = poolFields(second?.url ?? '');
  const chipC = view.boards[0]?.chipC[0];
  const tripped = view.phase === 'tripped';
  const volts = board.firmware === 'nerd' ? 12 : 5;
  const common = {
    power: view.powerW,
    voltage: volts * 1000 + 40,
    current: (view.powerW / volts) * 1000,
    // Without a chip the sensor says -1.
    temp: chipC ?? -1,
    vrTemp: Math.round((view.boards[0]?.boardC ?? 30) + 6),
    hashRate: view.hashrateThs * 1000,
    bestDiff: '483k',
    bestSessionDiff: '0',
    freeHeap: 8_443_612,
    coreVoltage: state.coreVoltageMv,
    coreVoltageActual: Math.round(view.voltageV * 1000),
    frequency: settings.frequencyMhz ?? miner.model.frequencyMhz,
    ssid: 'site',
    macAddr: miner.identity.macAddress,
    hostname: miner.identity.minerId,
    wifiStatus: 'Connected!',
    sharesAccepted: view.accepted,
    sharesRejected: view.rejected,
    uptimeSeconds: view.uptimeS,
    smallCoreCount: board.smallCores,
    ASICModel: board.chip,
    stratumURL: pool.host,
    fallbackStratumURL: fallback.host,
    stratumPort: pool.port,
    fallbackStratumPort: fallback.port,
    stratumUser: first?.user ?? '',
    fallbackStratumUser: second?.user ?? '',
    version: board.version,
    idfVersion: 'v5.4',
    runningPartition: 'ota_0',
    invertscreen: 0,
    autofanspeed: settings.fanDutyPct === undefined ? 1 : 0,
    fanspeed: view.fanDutyPct,
    fanrpm: view.fanRpm[0] ?? 0,
  };
  const usesFallback = view.pools[1]?.active === true ? 1 : 0;
  if (board.firmware === 'early')
    return {
      ...common,
      asicCount: board.chips,
      boardVersion: board.boardVersion,
      isUsingFallbackStratum: usesFallback,
      stratumDiff: miner.model.shareDifficulty ?? 0,
      flipscreen: 1,
      invertfanpolarity: 1,
      overheat_mode: tripped ? 1 : 0,
    };
  const later = {
    ...common,
    hashRate_1m: view.hashrateThs * 1000,
    hashRate_10m: view.halfHourThs * 1000,
    hashRate_1h: view.averageThs * 1000,
    wifiRSSI: -47,
    manualFanSpeed: settings.fanDutyPct ?? 100,
    stratumTLS: pool.tls,
    fallbackStratumTLS: fallback.tls,
    poolDifficulty: miner.model.shareDifficulty ?? 0,
    maxPower: board.maxPowerW,
  };
  if (board.firmware === 'pausing')
    return {
      ...later,
      boardVersion: board.boardVersion,
      axeOSVersion: board.version,
      expectedHashrate: view.idealThs * 1000,
      errorPercentage: 0.2,
      isUsingFallbackStratum: usesFallback,
      isPSRAMAvailable: 1,
      temptarget: 60,
      minFanSpeed: 25,
      fan2rpm: 0,
      overheat_mode: tripped ? 1 : 0,
      miningPaused: !settings.hashing,
      overclockEnabled: 0,
      nominalVoltage: 5,
      sharesRejectedReasons: [],
      // `asicCount` has gone to `/api/system/asic`; here is each chip, and each of its four domains, in GH/s.
      hashrateMonitor: {
        asics: Array.from({ length: board.chips }, () => {
          const total = (view.hashrateThs * 1000) / board.chips;
          const domains = Array.from({ length: 4 }, () => total / 4);
          return { total, domains, errorCount: Math.round(view.hardwareErrors / board.chips) };
        }),
      },
    };
  return {
    ...later,
    asicCount: board.chips,
    deviceModel: board.deviceModel,
    hostip: '192.0.2.77',
    currentA: view.powerW / volts,
    minPower: 30,
    maxVoltage: 13,
    minVoltage: 11,
    vrTempInt: 51,
    defaultCoreVoltage: board.coreVoltageMv,
    defaultFrequency: miner.model.frequencyMhz,
    fanrpm2: view.fanRpm[1] ?? 0,
    fanCount: miner.model.fans,
    asicTemps: Array.from({ length: board.chips }, () => chipC ?? 0),
    shutdown: tripped || !settings.hashing,
    foundBlocks: 0,
    totalFoundBlocks: 0,
    duplicateHWNonces: 0,
    overheat_temp: 70,
    autoscreenoff: 0,
    flipscreen: 0,
    invertfanpolarity: 0,
    otp: false,
    lastResetReason: 'Software reset via esp_restart',
    stratum: {
      activePoolMode: 0,
      usingFallback: usesFallback === 1,
      pools: view.pools.slice(0, 2).map((each) => ({
        connected: each.active,
        poolDifficulty: miner.model.shareDifficulty ?? 0,
        accepted: each.accepted,
        rejected: each.rejected,
        host: poolFields(each.url).host,
        port: poolFields(each.url).port,
      })),
    },
  };
};

/** `GET /api/system/asic`. */
export const asicInfo = (miner: SimulatedMiner, board: AxeBoard) => {
  const { frequencyMhz } = miner.model;
  return {
    ASICModel: board.chip,
    deviceModel: board.deviceModel,
    swarmColor: 'green',
    asicCount: board.chips,
    defaultFrequency: frequencyMhz,
    frequencyOptions: [400, 490, 525, 550, 600, 625],
    defaultVoltage: board.coreVoltageMv,
    voltageOptions: [1000, 1060, 1100, 1150, 1200, 1250],
  };
};
