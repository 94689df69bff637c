import type { Pool, Settings } from '../site/settings.ts';
import type { SimulatedMiner } from '../site/simulated-miner.ts';
import { type AvalonFirmware, modeNumber } from './firmware.ts';

/** What `ascset` answers: I with a message, S without, E with a reason; or nothing at all. */
export type SetReply =
  | { readonly kind: 'info' | 'failed'; readonly text: string; readonly effect?: () => void }
  | { readonly kind: 'ok' | 'silent'; readonly effect: () => void };

const failed = (text: string): SetReply => ({ kind: 'failed', text });
const longestDelayS = 3600;

/**
 * The settings of an Avalon as `ascset` changes them. Some wait for the next boot, as the vendor's manual says: pools
 * always, the work mode on older firmware.
 */
export class AvalonSettings {
  readonly #miner: SimulatedMiner;
  readonly #firmware: AvalonFirmware;
  readonly #login: { readonly username: string; readonly password: string };
  readonly #nowMs: () => number;
  #nextBoot: Partial<Settings> = {};
  #timer: NodeJS.Timeout | undefined;

  constructor(
    miner: SimulatedMiner,
    firmware: AvalonFirmware,
    login: { readonly username: string; readonly password: string },
    nowMs: () => number,
  ) {
    this.#miner = miner;
    this.#firmware = firmware;
    this.#login = login;
    this.#nowMs = nowMs;
  }

  /** One option with its values; undefined when the firmware has no such option. */
  change(option: string, values: readonly string[]): SetReply | undefined {
    switch (option) {
      case 'help':
        return { kind: 'info', text: this.#options().join('|') };
      case 'reboot':
        return { kind: 'ok', effect: () => this.#boot() };
      case 'led':
        return this.#led(values[0]);
      case 'fan-spd':
        return this.#fan(values[0]);
      case 'workmode':
        return this.#workMode(values);
      case 'setpool':
        return this.#pool(values);
      case 'hashpower':
        return this.#hashPower(values[0]);
      case 'softoff':
        return this.#sleep(false, values[0]);
      case 'softon':
        return this.#firmware.timedSleep ? this.#sleep(true, values[0]) : undefined;
      default:
        return undefined;
    }
  }

  #options() {
    const timed = this.#firmware.timedSleep ? ['softon'] : [];
    return ['help', 'reboot', 'led', 'fan-spd', 'workmode', 'setpool', 'hashpower', 'softoff', ...timed];
  }

  #boot() {
    clearTimeout(this.#timer);
    this.#miner.set({ ...this.#nextBoot, hashing: true });
    this.#nextBoot = {};
    this.#miner.reboot();
  }

  #led(value = ''): SetReply {
    if (value === '1-255') return { kind: 'info', text: `LED[${this.#miner.settings.ledOn ? 1 : 0}]` };
    if (value !== '1-0' && value !== '1-1') return failed('led');
    return { kind: 'ok', effect: () => this.#miner.set({ ledOn: value === '1-1' }) };
  }

  /** 15 to 100 percent, -1 for the firmware's own control. */
  #fan(value = ''): SetReply {
    const pct = /^-?\d{1,3}$/.test(value) ? Number(value) : Number.NaN;
    if (pct === -1) return { kind: 'ok', effect: () => this.#miner.set({ fanDutyPct: undefined }) };
    if (!(pct >= 15 && pct <= 100)) return failed('invalid fan speed');
    return { kind: 'ok', effect: () => this.#miner.set({ fanDutyPct: pct }) };
  }

  #workMode([first = '', second = '']: readonly string[]): SetReply {
    const { modesAtOnce, modes } = this.#firmware;
    const current = modeNumber(this.#firmware, this.#nextBoot.mode ?? this.#miner.settings.mode);
    if (modesAtOnce && first === 'get') return { kind: 'info', text: `workmode ${current}` };
    if (!modesAtOnce && first === '255') return { kind: 'info', text: `WORKMODE[${current}]` };
    const mode = modes[Number(modesAtOnce && first === 'set' ? second : modesAtOnce ? Number.NaN : first)];
    if (mode === undefined) return failed('invalid workmode');
    if (modesAtOnce)
      return {
        kind: 'ok',
        effect: () => {
          this.#miner.set({ mode });
          this.#miner.restartProcess();
        },
      };
    return {
      kind: 'info',
      text: `WORKMODE[${modes.indexOf(mode)}]`,
      effect: () => {
        this.#nextBoot = { ...this.#nextBoot, mode };
      },
    };
  }

  /** `user,password,index,url,worker,password of the worker`; the last may be missing. */
  #pool(values: readonly string[]): SetReply {
    const [username, password, index = '', url = '', worker = '', workerPassword = ''] = values;
    if (username !== this.#login.username || password !== this.#login.password)
      return failed('Auth Failed! password invalid!');
    if (!/^[012]$/.test(index) || values.length > 6 || !/^stratum\+(tcp|ssl):\/\//.test(url))
      return failed('invalid pool');
    const pool: Pool = { url, user: worker, password: workerPassword };
    return {
      kind: 'info',
      text: `\npool success set to ${url}\nworker is ${worker}\nworkerpassword is ${workerPassword}\nPlease reboot miner to make config work.\n`,
      effect: () => {
        const pools = [...(this.#nextBoot.pools ?? this.#miner.settings.pools)];
        pools[Number(index)] = pool;
        this.#nextBoot = { ...this.#nextBoot, pools: pools.filter((each) => each !== undefined) };
      },
    };
  }

  #hashPower(value: string | undefined): SetReply {
    if (value === '0')
      return {
        kind: 'info',
        text: 'Power off hash now ...',
        effect: () => this.#miner.set({ hashing: false }),
      };
    return failed('hashpower');
  }

  #sleep(hashing: boolean, value: string | undefined): SetReply {
    const apply = () => this.#miner.set({ hashing });
    if (!this.#firmware.timedSleep)
      return value === undefined ? { kind: 'ok', effect: apply } : failed('softoff');
    const atS = Number(/^1:(\d{9,11})$/.exec(value ?? '')?.[1] ?? Number.NaN);
    const delayS = atS - this.#nowMs() / 1000;
    if (!(delayS <= longestDelayS)) return failed(hashing ? 'softon' : 'softoff');
    const effect = () => {
      clearTimeout(this.#timer);
      if (delayS <= 0) apply();
      else this.#timer = setTimeout(apply, delayS * 1000).unref();
    };
    return { kind: hashing ? 'silent' : 'ok', effect };
  }
}
