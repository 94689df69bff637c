import type { FirmwareView } from '../site/firmware-view.ts';
import type { SimulatedMiner } from '../site/simulated-miner.ts';

const version = 'DG1+_SW_V1.0.2';
const mhs = (ths: number) => Math.round(ths * 1e8) / 100;

const head = (miner: SimulatedMiner, view: FirmwareView, what: string, nowS: number) => ({
  STATUS: { STATUS: 'S', when: view.uptimeS, timestamp: nowS, api_version: '1.0.0', Msg: what },
  INFO: {
    miner_version: version,
    CompileTime: '',
    dev_sn: miner.identity.serialNumber,
    type: 'DG1+',
    hw_version: 'DG1+_HW_V1.0',
  },
});

/** Rates in MH/s, chip sensors in thousandths of a degree as text, two of four of them fitted; fans as text. */
const stats = (miner: SimulatedMiner, view: FirmwareView) => ({
  rate_unit: 'MH/s',
  elapsed: view.elapsedS,
  rate_30m: 0,
  rate_5s: mhs(view.hashrateThs),
  rate_15m: mhs(view.halfHourThs),
  rate_avg: mhs(view.averageThs),
  rate_ideal: mhs(view.idealThs),
  hwp_total: 0.1155,
  chain_num: view.boards.length,
  chain: view.boards.map((board, index) => ({
    index,
    freq_avg: 62_000,
    sn: board.serial,
    temp_chip: [0, 1].map((at) => String(Math.round((board.chipC[at] ?? 0) * 1000))).concat('', ''),
    temp_pcb: [board.boardC - 12, board.boardC - 13, board.boardC, board.boardC - 1].map(Math.round),
    temp_pic: [board.boardC - 12, board.boardC - 13, board.boardC, board.boardC - 1].map(Math.round),
    eeprom_loaded: board.chipC.length > 0,
    rate_real: mhs(board.hashrateThs),
    rate_ideal: mhs(board.idealThs),
    rate_15m: mhs(board.hashrateThs),
    hashrate: mhs(board.hashrateThs),
    hw: miner.model.chipsPerBoard,
    failrate: 0.03,
    asic: 'ooooooooo oooooooo oooooooo oooooooo oooo',
    asic_num: board.chips,
  })),
  fan_num: view.fanRpm.length,
  fan: view.fanRpm.map(String),
});

const summary = (miner: SimulatedMiner, view: FirmwareView) => {
  const lost = view.boards.some((board) => board.chipC.length === 0);
  const word = (type: string, wrong: boolean, msg: string) => ({
    status: wrong ? 'e' : 's',
    type,
    msg: wrong ? msg : '',
    code: wrong ? 1 : 0,
  });
  return {
    rate_unit: 'MH/s',
    elapsed: view.elapsedS,
    rate_5s: mhs(view.hashrateThs),
    rate_30m: 0,
    rate_15m: mhs(view.halfHourThs),
    rate_avg: mhs(view.averageThs),
    rate_ideal: mhs(view.idealThs),
    bestshare: 0,
    hw_all: mhs(view.averageThs),
    status: [
      word('rate', lost, 'hashrate is too low'),
      word('network', view.pools.length > 0 && !view.pools[0]?.alive, 'pool is unreachable'),
      word('fans', view.fanRpm.includes(0), 'fan is lost'),
      word('temp', view.hottestC > miner.model.throttleChipC, 'temperature is too high'),
    ],
  };
};

/** A pool that does not work is called unreachable, not dead; none says that it is the one in use. */
const pools = (view: FirmwareView) =>
  view.pools.map((pool, index) => ({
    index,
    url: pool.url,
    user: pool.user,
    status: pool.alive ? 'Alive' : 'Unreachable',
    priority: index,
    getworks: pool.accepted + pool.rejected,
    accepted: pool.accepted,
    rejected: pool.rejected,
    stale: pool.stale,
    diff: '',
    diff1: 0,
    diffa: 524_288,
    diffr: 524_288,
    diffs: 0,
    lsdiff: 524_288,
    lstime: '00:00:18',
  }));

/** Reports of a DG1+ as pyasic's and asic-rs's recorded answers have them, by page. */
export const reportNamed = (page: string, miner: SimulatedMiner, view: FirmwareView, nowS: number) => {
  const { identity } = miner;
  switch (page) {
    case 'stats':
      return { ...head(miner, view, 'stats', nowS), STATS: [stats(miner, view)] };
    case 'summary':
      return { ...head(miner, view, 'summary', nowS), SUMMARY: [summary(miner, view)] };
    case 'pools':
      return {
        ...head(miner, view, 'pools', nowS),
        'Device Total Rejected': view.rejected,
        'Device Total Work': view.accepted + view.rejected,
        POOLS: pools(view),
      };
    case 'get_power':
      return { power_output: Math.round(view.powerW) };
    case 'get_system_info':
      return {
        minertype: 'DG1+',
        Algorithm: 'Scrypt',
        hostname: 'DG1+',
        macaddr: identity.macAddress.toLowerCase(),
        nettype: 'DHCP',
        netdevice: 'eth0',
        ipaddress: '127.0.0.1',
        netmask: '255.255.255.0',
        gateway: '',
        dnsservers: '',
        system_mode: 'GNU/Linux',
        system_kernel_version: '4.4.194 #1 SMP Sat Sep 7 16:59:20 CST 2024',
        system_filesystem_version: version,
        firmware_type: 'Release',
      };
    case 'get_blink_status':
      return { blink: miner.settings.ledOn };
    default:
      return undefined;
  }
};
