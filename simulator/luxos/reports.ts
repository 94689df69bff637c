import { voltageAt } from '../physics/power.ts';
import { firmwareView } from '../site/firmware-view.ts';
import { fullVersion, type LuxosDevice, version } from './device.ts';

type Value = string | number | boolean | readonly unknown[] | { readonly [key: string]: Value };
export type Row = { readonly [key: string]: Value };
export type Report = {
  readonly code: number;
  readonly msg: string;
  readonly sections: Readonly<Record<string, readonly Row[]>>;
};

const compiled = 'Tue Apr  8 22:05:35 UTC 2025';
const mhs = (ths: number) => ths * 1e6;
const ghs = (ths: number) => Math.round(ths * 1e5) / 100;
const half = (celsius: number) => Math.round(celsius * 2) / 2;
/** Boards stand in the order of their connectors, which is not that of their numbers. */
const connectors = [
  [2, 'J8'],
  [0, 'J7'],
  [1, 'J9'],
] as const;

type Reporter = (device: LuxosDevice, parameter: string) => Report | undefined;

const versionReport: Reporter = ({ model }) => ({
  code: 22,
  msg: 'LUXminer versions',
  sections: {
    VERSION: [{ API: '3.7', CompileTime: compiled, LUXminer: fullVersion, Miner: version, Type: model }],
  },
});

const summary: Reporter = (device) => {
  const view = firmwareView(device.miner);
  const nowS = Math.floor(device.nowMs() / 1000);
  const found = view.accepted + view.rejected;
  return {
    code: 11,
    msg: 'Summary',
    sections: {
      SUMMARY: [
        {
          Accepted: view.accepted,
          'Best Share': 524_288,
          'Device Hardware%': 0,
          'Device Rejected%': 0,
          'Difficulty Accepted': view.accepted * 524_288,
          'Difficulty Rejected': view.rejected * 524_288,
          'Difficulty Stale': view.stale * 524_288,
          Discarded: 0,
          Elapsed: device.elapsedS,
          'Found Blocks': 0,
          'GHS 15m': ghs(view.halfHourThs),
          'GHS 1m': ghs(view.hashrateThs),
          'GHS 24h': ghs(view.averageThs),
          'GHS 30m': ghs(view.halfHourThs),
          'GHS 5m': ghs(view.hashrateThs),
          'GHS 5s': ghs(view.hashrateThs),
          'GHS av': ghs(view.averageThs),
          'Get Failures': 0,
          Getworks: 656,
          'Hardware Errors': view.hardwareErrors,
          'Last getwork': nowS - 4,
          'Local Work': 0,
          'Network Blocks': 0,
          'Pool Rejected%': found > 0 ? Math.round((1e6 * view.rejected) / found) / 1e4 : 0,
          'Pool Stale%': 0,
          Rejected: view.rejected,
          'Remote Failures': 0,
          Stale: view.stale,
          'Total MH': mhs(view.terahashes),
          Utility: 26.03,
          'Work Utility': 11.5,
        },
      ],
    },
  };
};

/** One sensor in each corner of a board: two at the exhaust, two at the intake. Nothing measures a chip. */
const corners = (boardC: number, inletC: number) => {
  const intakeC = half(inletC + (boardC - inletC) * 0.55);
  return { bottomLeft: half(boardC), bottomRight: intakeC, topLeft: half(boardC), topRight: intakeC };
};

const stats: Reporter = (device) => {
  const view = firmwareView(device.miner);
  const boards = view.boards;
  const of = (index: number) => boards[index];
  const sensors = (index: number) => {
    const board = of(index);
    if (!board || board.chips === 0) return '0-0-0-0';
    const { bottomLeft, bottomRight, topLeft, topRight } = corners(board.boardC, view.inletC);
    return [bottomLeft, topRight, bottomRight, topLeft].map(Math.round).join('-');
  };
  const chains = Object.fromEntries(
    [0, 1, 2, 3].flatMap((index): [string, string | number][] => {
      const board = of(index);
      const chips = board?.chips ?? 0;
      const name = index + 1;
      return [
        [`chain_acn${name}`, chips],
        [`chain_acs${name}`, chips > 0 ? ` ${'o'.repeat(chips)}` : ''],
        [`chain_hw${name}`, board?.hardwareErrors ?? 0],
        [`chain_rate${name}`, String(ghs(board?.hashrateThs ?? 0))],
        [`freq${name}`, Math.round(board?.frequencyMhz ?? 0)],
        [`fan${name}`, view.fanRpm[index] ?? 0],
        [`temp_chip${name}`, sensors(index)],
        [`temp_pcb${name}`, sensors(index)],
        [`temp_pic${name}`, sensors(index)],
      ];
    }),
  );
  const boardC = (index: number) => half(of(index)?.boardC ?? 0);
  return {
    code: 70,
    msg: 'LUXminer stats',
    sections: {
      STATS: [
        { CompileTime: compiled, Miner: version, Type: device.model },
        {
          Calls: 0,
          Elapsed: device.elapsedS,
          'GHS 5s': ghs(view.hashrateThs),
          'GHS av': ghs(view.averageThs),
          ID: 'BTM_SOC0',
          Max: 0,
          Min: 99_999_999,
          Mode: 2,
          STATS: 0,
          Wait: 0,
          ...chains,
          fan_num: view.fanRpm.length,
          frequency: Math.round(view.frequencyMhz),
          miner_count: boards.length,
          miner_id: '62f75eb71046',
          miner_version: version,
          no_matching_work: 0,
          rate_30m: ghs(view.halfHourThs),
          rate_unit: 'GH',
          temp1: boardC(0),
          temp2: boardC(1),
          temp3: boardC(2),
          temp2_1: boardC(0),
          temp2_2: boardC(1),
          temp2_3: boardC(2),
          temp_max: half(Math.max(...boards.map((board) => board.boardC))),
          temp_num: boards.length,
          'total rate': ghs(view.averageThs),
          total_acn: 4,
          total_freqavg: Math.round(view.frequencyMhz),
          total_rateideal: ghs(device.profile.hashrateThs),
        },
      ],
    },
  };
};

const devs: Reporter = (device) => {
  const view = firmwareView(device.miner);
  const nowS = Math.floor(device.nowMs() / 1000);
  const share = (count: number) => Math.round(count / view.boards.length);
  const rows = connectors.map(([index, connector]) => {
    const board = view.boards[index];
    const rate = mhs(board?.hashrateThs ?? 0);
    const alive = board !== undefined && board.chips > 0;
    return {
      ASC: index,
      Accepted: share(view.accepted),
      Board: 'BHB56903',
      Connector: connector,
      ControllerIPVersionHex: '0x18351835',
      ControllerIPVersionStr: 'N/A',
      'Device Elapsed': view.elapsedS,
      'Device Hardware%': 0,
      'Device Rejected%': 0,
      'Diff1 Work': share(view.accepted) * 524_288,
      'Difficulty Accepted': share(view.accepted) * 524_288,
      'Difficulty Rejected': 0,
      Enabled: 'Y',
      'Hardware Error MHS 15m': 0,
      'Hardware Errors': board?.hardwareErrors ?? 0,
      ID: index,
      IsRamping: view.phase === 'ramping',
      IsUserShutdown: false,
      'Last Share Difficulty': 524_288,
      'Last Share Pool': 0,
      'Last Share Time': nowS - 2,
      'Last Valid Work': nowS - 2,
      'MHS 15m': rate,
      'MHS 1m': rate,
      'MHS 30m': rate,
      'MHS 5m': rate,
      'MHS 5s': rate,
      'MHS 60m': rate,
      'MHS av': rate,
      Name: '',
      'Nominal MHS': mhs(device.profile.hashrateThs / view.boards.length),
      Profile: device.profile.name,
      Rejected: 0,
      SerialNumber: board?.serial ?? '',
      Status: alive ? 'Alive' : 'Dead',
      Temperature: half(board?.boardC ?? 0),
      'Total MH': mhs(view.terahashes / view.boards.length),
      Utility: 0,
    };
  });
  return { code: 9, msg: `${rows.length} ASC(s)`, sections: { DEVS: rows } };
};

const pools: Reporter = ({ pools: kept, miner }) => {
  const view = firmwareView(miner);
  const rows = kept.entries.map((entry, number) => {
    const priority = kept.priorityOf(number);
    const used = view.pools[priority];
    const count = { accepted: used?.accepted ?? 0, rejected: used?.rejected ?? 0, stale: used?.stale ?? 0 };
    const active = used?.active === true;
    return {
      Accepted: count.accepted,
      AsicBoost: true,
      'Bad Work': 0,
      'Best Share': 524_288,
      'Current Block Height': 0,
      'Current Block Version': 536_870_912,
      Diff: '524K',
      'Diff1 Shares': count.accepted * 524_288,
      'Difficulty Accepted': count.accepted * 524_288,
      'Difficulty Rejected': count.rejected * 524_288,
      'Difficulty Stale': count.stale * 524_288,
      Discarded: 0,
      GROUP: entry.group,
      'Get Failures': 0,
      Getworks: 328,
      'Has GBT': false,
      'Has Stratum': true,
      'Has Vmask': true,
      'Last Share Difficulty': 524_288,
      'Last Share Time': active ? '00:00:01' : '00:57:33',
      'Long Pool': 'N',
      POOL: number,
      'Pool Rejected%': 0,
      'Pool Stale%': 0,
      Priority: priority,
      Proxy: '',
      'Proxy Type': '',
      Quota: 1,
      Rejected: count.rejected,
      'Remote Failures': 0,
      Stale: count.stale,
      Status: used?.alive ? 'Alive' : 'Dead',
      'Stratum Active': active,
      'Stratum Difficulty': active ? 524_288 : 0,
      'Stratum URL': entry.url.replace(/^stratum\+\w+:\/\//, ''),
      URL: entry.url,
      User: entry.user,
      'Work Difficulty': active ? 524_288 : 0,
      Works: 0,
    };
  });
  return { code: 7, msg: `${rows.length} Pool(s)`, sections: { POOLS: rows } };
};

const groups: Reporter = ({ pools: kept }) => ({
  code: 70,
  msg: `${kept.groups.length} Group(s)`,
  sections: { GROUPS: kept.groups.map(({ id, name, quota }) => ({ GROUP: id, Name: name, Quota: quota })) },
});

const config: Reporter = (device) => {
  const { identity, settings } = device.miner;
  return {
    code: 33,
    msg: 'LUXminer config',
    sections: {
      CONFIG: [
        {
          'ASC Count': device.miner.model.boards,
          BcastAddr: '192.0.2.255',
          ControlBoardType: 'cvitek',
          Cooling: 'Air',
          CurtailMode: device.asleep ? 'Sleep' : 'None',
          DHCP: true,
          'DNS Servers': '',
          'Device Code': '',
          FPGABuildIdHex: '0x18351835',
          FPGABuildIdStr: '2018-35-18 35:00',
          FeeStatus: 'Ok',
          Gateway: '192.0.2.1',
          GreenLed: device.greenLed,
          Hostname: identity.minerId,
          Hotplug: 'None',
          IPAddr: '192.0.2.46',
          ImmersionMode: false,
          IsAtmEnabled: false,
          IsPowerSupplyOn: settings.mode !== 'sleep',
          IsSingleVoltage: true,
          IsTuning: false,
          'Log Interval': 0,
          LogFileLevel: 'info',
          MACAddr: identity.macAddress.toLowerCase(),
          Model: device.model,
          NameplateTHS: device.miner.model.hashrateThs,
          Netmask: '255.255.255.0',
          OS: 'LuxOS',
          'PGA Count': 0,
          PSUHwVersion: '75',
          PSULabel: 'APW121215e',
          'Pool Count': device.pools.entries.length,
          Profile: device.profile.name,
          ProfileStep: String(device.profile.step),
          RedLed: device.redLed,
          SerialNumber: identity.serialNumber,
          Strategy: 'Failover',
          SystemStatus: 'Normal',
          UpdateOnStartup: 'off',
          UpdateOnTimeout: 'off',
          UpdateOnUser: 'full',
          UpdateSource: 'https://updates.example.com/stable',
          UpdateTimeout: 60,
        },
      ],
    },
  };
};

/** The fans' numbers follow the connectors of the board, not those printed on the case. */
const fanOrder = [3, 1, 0, 2];

const fans: Reporter = ({ miner, minFans }) => {
  const view = firmwareView(miner);
  const order = fanOrder.filter((fan) => fan < view.fanRpm.length);
  return {
    code: 202,
    msg: `${order.length} Fan(s)`,
    sections: {
      FANCTRL: [{ MinFans: minFans, PowerOffSpeed: 20 }],
      FANS: order.map((fan, at) => ({
        FAN: `FAN${fan + 1}`,
        ID: at,
        RPM: view.fanRpm[fan] ?? 0,
        Speed: view.fanDutyPct,
      })),
    },
  };
};

const temps: Reporter = ({ miner }) => {
  const view = firmwareView(miner);
  const corner = (label: string, position: readonly [number, number]): Row => ({
    Label: label,
    Position: position,
  });
  return {
    code: 201,
    msg: `${view.boards.length} Temp(s)`,
    sections: {
      METADATA: [
        {
          BottomLeft: corner('Board Exhaust (bottom)', [1, 0]),
          BottomRight: corner('Board Intake (bottom)', [1, 1]),
          TopLeft: corner('Board Exhaust (top)', [0, 0]),
          TopRight: corner('Board Intake (top)', [0, 1]),
        },
      ],
      TEMPS: view.boards.map((board, index) => {
        const { bottomLeft, bottomRight, topLeft, topRight } = corners(board.boardC, view.inletC);
        return {
          BottomLeft: bottomLeft,
          BottomRight: bottomRight,
          ID: index,
          TEMP: index,
          TopLeft: topLeft,
          TopRight: topRight,
        };
      }),
    },
  };
};

const tempctrl: Reporter = ({ miner }) => ({
  code: 200,
  msg: 'Temperature control',
  sections: {
    TEMPCTRL: [
      {
        Dangerous: 75,
        Hot: 70,
        Mode: miner.settings.fanDutyPct === undefined ? 'Automatic' : 'Manual',
        Target: 65,
      },
    ],
  },
});

/** No power meter: the figure is an estimate. */
const power: Reporter = ({ miner }) => ({
  code: 311,
  msg: 'Power usage',
  sections: { POWER: [{ PSU: false, Watts: Math.round(firmwareView(miner).powerW) }] },
});

const profiles: Reporter = ({ profiles: known }) => ({
  code: 323,
  msg: 'List profiles',
  sections: {
    PROFILES: known.map((profile) => ({
      CanRestore: true,
      Frequency: profile.frequencyMhz,
      HasOverrides: false,
      Hashrate: profile.hashrateThs,
      IsDynamic: true,
      IsTuned: profile.step === 0,
      'Profile Name': profile.name,
      Step: String(profile.step),
      Voltage: profile.voltageV,
      Watts: profile.powerW,
    })),
  },
});

const boardOf = (device: LuxosDevice, parameter: string) =>
  /^[0-2]$/.test(parameter.trim()) && Number(parameter) < device.miner.model.boards
    ? Number(parameter)
    : undefined;

const voltageget: Reporter = (device, parameter) => {
  const board = boardOf(device, parameter);
  if (board === undefined) return undefined;
  const { state, model } = device.miner;
  const volts = state.fraction > 0 ? voltageAt(model, state.fraction) : 0;
  return {
    code: 307,
    msg: 'Get Voltage',
    sections: { VOLTAGE: [{ Board: board, Voltage: Math.round(volts * 100) / 100 }] },
  };
};

const healthchipget: Reporter = (device, parameter) => {
  const number = boardOf(device, parameter);
  if (number === undefined) return undefined;
  const board = firmwareView(device.miner).boards[number];
  const chips = board?.chips ?? 0;
  const perChip = chips > 0 ? ghs((board?.hashrateThs ?? 0) / chips) : 0;
  return {
    code: 314,
    msg: 'Health Chip Get',
    sections: {
      CHIPS: Array.from({ length: chips }, (_, chip) => ({
        Board: number,
        Chip: chip,
        Column: chip % 7,
        Domain: Math.floor(chip / 7),
        Frequency: Math.round(board?.frequencyMhz ?? 0),
        'GHS 15m': perChip,
        'GHS 1m': perChip,
        'GHS 5m': perChip,
        HashCount: Math.round(perChip * 1.7),
        HashExpected: 451,
        HashMin: 91,
        Healthy: 'Y',
        IsChecking: false,
        Row: chip % 2,
        Score: 100,
        When: device.nowMs(),
      })),
    },
  };
};

const events: Reporter = (device) => {
  const view = firmwareView(device.miner);
  const at = new Date(device.nowMs()).toISOString().replace(/\.\d{3}Z$/, '+00:00');
  const help = 'https://docs.luxor.tech/firmware/kb/eventstroubleshooting';
  const lost = device.miner.state.boards.flatMap((board, index) => (board.lost ? [index] : []));
  const rows: Row[] = [
    ...(view.phase === 'tripped'
      ? [
          {
            Code: 'OVERTEMP',
            CreatedAt: at,
            Description: 'Miner shutdown due to overtemp.',
            DocUrl: `${help}#overtemp`,
            Target: 'MINER',
          },
        ]
      : []),
    ...lost.map((index) => ({
      Code: 'REBOOT_NOT_HASHING',
      CreatedAt: at,
      Description: 'Board reboot due to it not hashing.',
      DocUrl: `${help}#reboot-not-hashing`,
      ID: index,
      Target: 'BOARD',
    })),
  ];
  return { code: 357, msg: 'Miner Events', sections: { EVENTS: rows } };
};

const session: Reporter = (device) => ({
  code: 319,
  msg: 'Session information',
  sections: { SESSION: [{ SessionID: device.session.current }] },
});

/** What LuxOS tells whoever asks. Those with a parameter answer undefined where it is wrong. */
export const reporters: Readonly<Record<string, Reporter>> = {
  version: versionReport,
  summary,
  stats,
  devs,
  pools,
  groups,
  config,
  fans,
  temps,
  tempctrl,
  power,
  profiles,
  voltageget,
  healthchipget,
  events,
  session,
};
