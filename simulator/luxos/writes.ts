import type { Led, LuxosDevice } from './device.ts';
import { findProfile } from './profiles.ts';
import type { Row } from './reports.ts';

/** What a write answers, and what it does once its answer is on the way; a text is why it is refused. */
export type WriteResult =
  | {
      readonly code: number;
      readonly msg: string;
      readonly section?: readonly [string, Row];
      readonly effect: () => void;
    }
  | { readonly code: number; readonly refusal: string };
type Write = (device: LuxosDevice, parameters: readonly string[]) => WriteResult;

const invalid = (refusal: string): WriteResult => ({ code: 304, refusal });

const curtail: Write = (device, [action]) => {
  if (action !== 'sleep' && action !== 'wakeup') return invalid('Invalid curtailment action');
  return {
    code: 335,
    msg: 'Curtailment command sent',
    section: ['CURTAIL', { Action: action === 'sleep' ? 'sleep mode' : 'wake up' }],
    effect: () => device.miner.set({ mode: action === 'sleep' ? 'sleep' : 'normal' }),
  };
};

const profileset: Write = (device, parameters) => {
  // A board's number from the time when profiles were per board.
  const [wanted = ''] = /^[0-3]$/.test(parameters[0] ?? '') ? parameters.slice(1) : parameters;
  const profile = findProfile(device.profiles, wanted, device.profile);
  if (!profile) return invalid('Unknown profile');
  return {
    code: 321,
    msg: 'Profile Set',
    section: ['PROFILE', { Board: 0, FrequencyStep: 5, Profile: profile.name, VoltageStep: 0.05 }],
    effect: () => {
      device.profile = profile;
      device.miner.set({ frequencyMhz: profile.step === 0 ? undefined : profile.frequencyMhz });
    },
  };
};

const fanset: Write = (device, parameters) => {
  const [first = '', second] = parameters;
  const pairs = /^-?\d+$/.test(first)
    ? [`speed=${first}`, ...(second === undefined ? [] : [`min_fans=${second}`])]
    : parameters;
  const options = new Map<string, number>();
  for (const pair of pairs) {
    const parsed = /^(speed|min_fans|power_off_speed|min_speed|max_speed)=(-?\d{1,3})$/.exec(pair.trim());
    if (!parsed) return invalid('Invalid fan option');
    options.set(parsed[1] ?? '', Number(parsed[2]));
  }
  const speed = options.get('speed');
  if (options.size === 0 || (speed !== undefined && (speed < -1 || speed > 100)))
    return invalid('Invalid fan speed');
  return {
    code: 329,
    msg: 'Set fan control',
    section: ['FANS', { Speed: speed ?? -1 }],
    effect: () => {
      if (speed !== undefined) device.miner.set({ fanDutyPct: speed < 0 ? undefined : speed });
      device.minFans = options.get('min_fans') ?? device.minFans;
    },
  };
};

const ledStates: readonly Led[] = ['on', 'off', 'blink', 'auto'];

const ledset: Write = (device, [color, wanted]) => {
  const state = ledStates.find((known) => known === wanted);
  if ((color !== 'red' && color !== 'green') || !state) return invalid('Invalid LED');
  return {
    code: 332,
    msg: 'LED set',
    effect: () => {
      if (color === 'green') device.greenLed = state;
      else {
        device.redLed = state;
        device.miner.set({ ledOn: state === 'on' || state === 'blink' });
      }
    },
  };
};

/** Writes that want a session, by command; the session's id is gone from their parameters. */
export const sessionWrites: Readonly<Record<string, Write>> = {
  curtail,
  profileset,
  fanset,
  ledset,
  rebootdevice: (device) => ({
    code: 325,
    msg: 'Rebooting device',
    effect: () => {
      device.session.drop();
      device.miner.reboot();
    },
  }),
  resetminer: (device) => ({
    code: 326,
    msg: 'Resetting miner',
    effect: () => {
      device.session.drop();
      device.restartProcess();
    },
  }),
  logoff: (device) => ({
    code: 317,
    msg: 'Session terminated',
    effect: () => device.session.drop(),
  }),
};

const poolNumber = (device: LuxosDevice, text: string | undefined) => {
  const number = /^\d{1,3}$/.test(text ?? '') ? Number(text) : -1;
  return device.pools.entries[number] ? number : undefined;
};

const inForce = (device: LuxosDevice) => () => device.miner.set({ pools: device.pools.inUse });

const addpool: Write = (device, [url, user, password = '', group = '0']) => {
  if (!url || !user) return { code: 53, refusal: 'Invalid addpool details' };
  if (!/^\d{1,3}$/.test(group) || !device.pools.groups.some(({ id }) => id === Number(group)))
    return { code: 53, refusal: 'Invalid group' };
  return {
    code: 55,
    msg: `Added pool ${device.pools.entries.length}: '${url}'`,
    effect: () => {
      device.pools.add({ url, user, password }, Number(group));
      inForce(device)();
    },
  };
};

const removepool: Write = (device, [text]) => {
  const number = poolNumber(device, text);
  if (number === undefined) return { code: 26, refusal: `Invalid pool id ${text ?? ''}` };
  if (device.pools.entries.length === 1) return { code: 66, refusal: `Cannot remove last pool ${number}` };
  if (device.pools.priorityOf(number) === device.miner.state.activePool)
    return { code: 67, refusal: `Cannot remove active pool ${number}` };
  return {
    code: 68,
    msg: `Removed pool ${number}`,
    effect: () => {
      device.pools.remove(number);
      inForce(device)();
    },
  };
};

/** Writes to pools, as in cgminer, without a session. */
export const poolWrites: Readonly<Record<string, Write>> = {
  addpool,
  removepool,
  switchpool: (device, [text]) => {
    const number = poolNumber(device, text);
    if (number === undefined) return { code: 26, refusal: `Invalid pool id ${text ?? ''}` };
    return {
      code: 27,
      msg: `Switching to pool ${number}`,
      effect: () => {
        device.pools.switchTo(number);
        inForce(device)();
      },
    };
  },
  addgroup: (device, [name, quota]) => {
    if (!name || !/^\d{1,4}$/.test(quota ?? '')) return { code: 53, refusal: 'Invalid group' };
    return {
      code: 80,
      msg: `Added group '${name}'`,
      effect: () => {
        device.pools.addGroup(name, Number(quota));
      },
    };
  },
  removegroup: (device, [text]) => {
    const id = /^\d{1,3}$/.test(text ?? '') ? Number(text) : -1;
    if (!device.pools.groups.some((group) => group.id === id))
      return { code: 26, refusal: `Invalid group id ${text ?? ''}` };
    return {
      code: 81,
      msg: `Removed group ${id}`,
      effect: () => {
        device.pools.removeGroup(id);
        inForce(device)();
      },
    };
  },
};
