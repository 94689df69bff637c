import { voltageAt } from '../physics/power.ts';
import { type BoardView, firmwareView } from '../site/firmware-view.ts';
import type { BraiinsDevice } from './device.ts';

/** Of the Public API, which goes its own way beside the firmware's number. */
const apiVersion = { major: 1, minor: 8, patch: 0 };

const gigahash = (ths: number) => ({ gigahash_per_second: ths * 1000 });
const half = (celsius: number) => Math.round(celsius * 2) / 2;
const degrees = (celsius: number) => ({ degree_c: half(celsius) });

/** `miner.proto`: MinerStatus. */
const statusOf = ({ miner, paused }: BraiinsDevice) => {
  if (!miner.processUp) return 1;
  if (paused) return 3;
  return miner.state.phase === 'tripped' ? 4 : 2;
};

const details = (device: BraiinsDevice) => {
  const { miner, model } = device;
  const view = firmwareView(miner);
  return {
    bos_mode: 5,
    bos_version: { bos_plus: true, current: device.version, major: '2022-09-13-0-11012d53-22.08-plus' },
    bosminer_uptime_s: device.bosminerUptimeS,
    control_board_soc_family: 1,
    hostname: miner.identity.minerId,
    kernel_version: '4.9.38-tag-',
    mac_address: miner.identity.macAddress.toLowerCase(),
    miner_identity: { brand: 1, miner_model: model, model: 15, name: model },
    platform: 6,
    psu_info: {
      fw_version: null,
      max_voltage: { volt: 15.2 },
      min_voltage: { volt: 11.96 },
      model_name: 'APW121215f',
      serial_number: null,
      version: 118,
    },
    serial_number: miner.identity.serialNumber,
    status: statusOf(device),
    sticker_hashrate: gigahash(miner.model.hashrateThs),
    system_uptime: view.uptimeS,
    system_uptime_s: view.uptimeS,
    uid: `bos-${miner.identity.index}`,
  };
};

const rates = (nowThs: number, averageThs: number) => ({
  last_15m: gigahash(averageThs),
  last_15s: gigahash(nowThs),
  last_1h: gigahash(averageThs),
  last_1m: gigahash(nowThs),
  last_24h: gigahash(averageThs),
  last_30m: gigahash(averageThs),
  last_30s: gigahash(nowThs),
  last_5m: gigahash(nowThs),
  last_5s: gigahash(nowThs),
  since_restart: gigahash(averageThs),
});

const workStats = (nowThs: number, averageThs: number, nominalThs: number) => ({
  best_share: 2_713_716_437,
  error_hashrate: { megahash_per_second: 0 },
  found_blocks: 0,
  nominal_hashrate: gigahash(nominalThs),
  real_hashrate: rates(nowThs, averageThs),
});

type Counts = { readonly accepted: number; readonly rejected: number; readonly stale: number };
const poolStats = ({ accepted, rejected, stale }: Counts, nowMs: number) => ({
  accepted_shares: accepted,
  best_share: accepted > 0 ? 2_713_716_437 : 0,
  generated_work: accepted * 524_288,
  last_difficulty: 524_288,
  last_share_time: accepted > 0 ? { nanos: 0, seconds: Math.floor(nowMs / 1000) - 3 } : null,
  rejected_shares: rejected,
  stale_shares: stale,
});

/** What the tuner aims at under the power target, TH/s. */
const nominalThs = ({ miner }: BraiinsDevice) => miner.model.hashrateThs * Math.max(miner.state.fraction, 0);

const stats = (device: BraiinsDevice) => {
  const view = firmwareView(device.miner);
  const watt = Math.round(view.powerW);
  return {
    miner_stats: workStats(view.hashrateThs, view.averageThs, nominalThs(device)),
    pool_stats: poolStats(view, device.nowMs()),
    power_stats: {
      approximated_consumption: { watt },
      efficiency: { joule_per_terahash: view.hashrateThs > 0 ? watt / view.hashrateThs : 0 },
    },
  };
};

const hashboards = (device: BraiinsDevice) => {
  const { miner } = device;
  const view = firmwareView(miner);
  const volt = miner.state.fraction > 0 ? voltageAt(miner.model, miner.state.fraction) : 0;
  const board = (entry: BoardView, index: number) => ({
    board_name: 'BHB42601',
    board_temp: degrees(entry.boardC),
    chip_type: 'BM1362',
    chips_count: entry.chips,
    current_frequency: { hertz: Math.round(entry.frequencyMhz * 1e6) },
    current_voltage: { volt: entry.chips > 0 ? volt : 0 },
    enabled: true,
    highest_chip_temp: {
      id: index + 1,
      location: 1,
      temperature: degrees(entry.chipC[0] ?? entry.boardC),
    },
    highest_outlet_temp: degrees(entry.boardC),
    id: String(index + 1),
    lowest_inlet_temp: degrees(view.inletC + 6),
    model: 'BHB42601',
    serial_number: entry.serial,
    stats: workStats(
      entry.hashrateThs,
      view.averageThs / view.boards.length,
      nominalThs(device) / view.boards.length,
    ),
  });
  return { hashboards: view.boards.map(board) };
};

const cooling = ({ miner }: BraiinsDevice) => {
  const view = firmwareView(miner);
  return {
    fans: view.fanRpm.map((rpm, position) => ({
      position,
      rpm,
      target_speed_ratio: view.fanDutyPct / 100,
    })),
    highest_temperature: { id: null, location: 1, temperature: degrees(view.hottestC) },
  };
};

const pools = (device: BraiinsDevice) => {
  const view = firmwareView(device.miner);
  return [
    {
      name: device.group.group,
      pools: view.pools.map((pool, at) => ({
        active: pool.active,
        alive: pool.alive,
        enabled: true,
        stats: poolStats(pool, device.nowMs()),
        uid: `pool-${at}`,
        url: pool.url,
        user: pool.user,
      })),
      strategy: { quota: { value: device.group.quota } },
      uid: '0',
    },
  ];
};

const tuner = (device: BraiinsDevice) => {
  const { miner, powerTargetW } = device;
  const target = { watt: powerTargetW };
  const settled = miner.state.phase === 'hashing';
  return {
    mode_state: {
      powertargetmodestate: {
        current_target: target,
        profile: settled
          ? {
              created: { nanos: 0, seconds: Math.floor(device.nowMs() / 1000) - 600 },
              estimated_power_consumption: { watt: Math.round(miner.state.powerW) },
              measured_hashrate: gigahash(miner.state.hashrateThs),
              target,
            }
          : null,
      },
    },
    overall_tuner_state: settled ? 2 : 3,
  };
};

const errors = ({ miner, nowMs }: BraiinsDevice) => {
  const timestamp = new Date(nowMs()).toISOString();
  const lost = miner.state.boards.flatMap((board, index) => (board.lost ? [index] : []));
  return {
    errors: [
      ...lost.map((index) => ({
        components: [{ index: index + 1, name: 'hashboard' }],
        error_codes: [{ code: 'HB-INIT', hint: '', reason: 'No chips were found' }],
        message: `Hashboard ${index + 1}: initialisation failed`,
        timestamp,
      })),
      ...(miner.state.phase === 'tripped'
        ? [
            {
              components: [],
              error_codes: [],
              message: 'Temperature is above the dangerous level, mining is suspended',
              timestamp,
            },
          ]
        : []),
    ],
  };
};

const network = ({ miner }: BraiinsDevice) => ({
  default_gateway: '192.0.2.1',
  dns_servers: ['192.0.2.1'],
  hostname: miner.identity.minerId,
  mac_address: miner.identity.macAddress.toLowerCase(),
  name: 'eth0',
  networks: [{ address: '192.0.2.120', netmask: '255.255.255.0' }],
  protocol: 1,
});

const configuration = ({ powerTargetW, miner }: BraiinsDevice) => ({
  pool_groups: [],
  temperature: {
    mode:
      miner.settings.fanDutyPct === undefined
        ? { auto: { target_temperature: degrees(miner.model.targetChipC) } }
        : { manual: { fan_speed_ratio: miner.settings.fanDutyPct / 100 } },
  },
  tuner: {
    enabled: true,
    hashrate_target: null,
    power_target: { watt: powerTargetW },
    tuner_mode: 1,
  },
});

const constraints = ({ miner, powerRangeW }: BraiinsDevice) => ({
  tuner_constraints: {
    power_target: {
      default: { watt: miner.model.powerW },
      max: { watt: powerRangeW.max },
      min: { watt: powerRangeW.min },
    },
  },
});

/** What each page of the REST API tells; all but `version` want the login. */
export const pages: Readonly<Record<string, (device: BraiinsDevice) => unknown>> = {
  version: () => apiVersion,
  network,
  'miner/details': details,
  'miner/stats': stats,
  'miner/hw/hashboards': hashboards,
  'miner/errors': errors,
  'cooling/state': cooling,
  pools,
  'performance/tuner-state': tuner,
  'actions/locate': ({ miner }) => miner.settings.ledOn,
  'configuration/miner': configuration,
  'configuration/constraints': constraints,
};
