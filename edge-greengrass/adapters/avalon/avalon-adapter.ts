import type { PowerMode } from '../../../contracts/reading.ts';
import { asMinerFault, MinerFault } from '../../io/miner-fault.ts';
import { LostAnswer } from '../../io/tcp-exchange.ts';
import { turnTaking } from '../../turn-taking.ts';
import type { MinerAdapter, MinerSnapshot, WriteOutcome } from '../miner-adapter.ts';
import type { MinerIo } from '../miner-io.ts';
import { parsePools } from '../parse-pools.ts';
import { type Look, plainAdapter } from '../plain-adapter.ts';
import type { Wanted } from '../put-back.ts';
import { type Fields, numberOf } from '../values.ts';
import { withoutEffect } from '../write-outcome.ts';
import {
  errorsOf,
  fanDutyOf,
  ledOf,
  moduleOf,
  parseAnswer,
  parseModule,
  parseSummary,
  parseVersion,
  stateOf,
  statusOf,
  workModeOf,
} from './parse-answers.ts';

type Deps = {
  readonly minerId: string;
  readonly io: MinerIo;
  readonly username: string;
  readonly password: string;
  readonly nowMs: () => number;
};

const done: WriteOutcome = { kind: 'done' };
const refused = (detail: string): WriteOutcome => ({ kind: 'refused', detail });

/** Standby and wake-up are orders for a moment soon to come, by the miner's clock. */
const aheadS = 5;
const homeModes: readonly PowerMode[] = ['low', 'normal', 'high'];
const rackModes: readonly PowerMode[] = ['normal', 'high'];
/** For household machines: Nano, Mini, Q. */
const isForHomes = (model: string) => /^Avalon (Nano|Mini|Q)/i.test(model);

/**
 * Canaan's Avalon: cgminer's RPC on TCP 4028, whose figures are one text of `Key[words]`, and whose settings are sub-commands of
 * `ascset`. It works off one request at a time, so that requests wait here for one another. Sources: Canaan's API manual
 * (Canaan-Creative/avalon10-docs), its support pages for home machines (`workmode,set`, `softoff`/`softon` with a moment), and
 * clients that run in the field: tetherto/miningos-wrk-miner-avalon, 256foundation/asic-rs, pyasic, several monitors of Avalon Q.
 * Pools, and on rack machines the work mode, hold from the next start, so that they end with a restart. Whether the fan was set by hand is
 * not told, only its duty: what puts a fan back is the automatic control. `softon` closes the connection without an answer.
 */
export const avalonAdapter = ({ minerId, io, nowMs, ...login }: Deps): MinerAdapter => {
  const oneAtATime = turnTaking();
  let speaksJson = true;
  let figuresIn = 'estats';
  let model: string | undefined;
  let asksWorkMode = true;

  const ask = async (command: string, parameter?: string, signal?: AbortSignal): Promise<Fields> => {
    const request = speaksJson
      ? JSON.stringify({ command, ...(parameter !== undefined && { parameter }) })
      : parameter === undefined
        ? command
        : `${command}|${parameter}`;
    return parseAnswer(await oneAtATime(() => io.text(request, signal)));
  };
  const version = async (signal?: AbortSignal) => {
    const answer = await ask('version', undefined, signal);
    if (answer.VERSION === undefined && speaksJson) {
      speaksJson = false;
      const inText = await ask('version', undefined, signal);
      if (inText.VERSION === undefined) speaksJson = true;
      return parseVersion(inText);
    }
    return parseVersion(answer);
  };
  const knownModel = async (signal?: AbortSignal) => {
    model ??= (await version(signal))?.model;
    return model ?? '';
  };
  const figures = async (signal?: AbortSignal) => {
    const answer = await ask(figuresIn, undefined, signal);
    if (answer.STATS !== undefined || figuresIn === 'stats') return answer;
    const newer = await ask('stats', undefined, signal);
    if (newer.STATS !== undefined) figuresIn = 'stats';
    return newer;
  };
  const orNothing = (answer: Promise<Fields>) => answer.catch((): Fields => ({}));

  /** A setting that has a question of its own answers `… workmode[1]`; what does not is not asked again. */
  const askedWorkMode = async (signal?: AbortSignal) => {
    if (!asksWorkMode || isForHomes(await knownModel(signal))) return undefined;
    const { letter, message } = statusOf(await ask('ascset', '0,workmode,255', signal));
    asksWorkMode = letter !== 'E';
    return numberOf(/workmode\D{0,20}(\d+)/i.exec(message)?.[1]);
  };
  /** The light's question of its own; on some home machines the figures tell another light. */
  const askedLed = async (signal?: AbortSignal) => {
    const { letter, message } = statusOf(await ask('ascset', '0,led,1-255', signal));
    const code = letter === 'E' ? undefined : numberOf(/led\D{0,20}(\d+)/i.exec(message)?.[1]);
    return code === undefined ? undefined : code > 0;
  };
  const modeOf = async (code: number | undefined, signal?: AbortSignal): Promise<PowerMode | undefined> => {
    if (code === undefined) return undefined;
    const name = await knownModel(signal);
    if (/Mini/i.test(name)) return undefined;
    return (isForHomes(name) ? homeModes : rackModes)[code];
  };

  const look = async (
    depth: 'core' | 'full',
    of: string | undefined,
    signal?: AbortSignal,
  ): Promise<Look> => {
    const sampledAtMs = nowMs();
    const full = depth === 'full';
    const module = moduleOf(await figures(signal));
    if (!module) throw new MinerFault('unparseable', 'the answer holds no module');
    const needsSummary = full || !module.has('GHSspd');
    const summary = parseSummary(needsSummary ? await orNothing(ask('summary', undefined, signal)) : {});
    const pools = parsePools(
      full
        ? await (of === 'POOL_SET'
            ? ask('pools', undefined, signal)
            : orNothing(ask('pools', undefined, signal)))
        : {},
    );
    const code =
      workModeOf(module) ?? (full ? await askedWorkMode(signal).catch(() => undefined) : undefined);
    const mode = full ? await modeOf(code, signal).catch(() => undefined) : undefined;
    const values = { ...summary, ...parseModule(module) };
    return {
      reading: {
        minerId,
        sampledAtMs,
        state: stateOf(module, values.hashrateThs),
        ...(mode && { mode }),
        ...(full && { errorCodes: errorsOf(module) }),
        values: { ...values, ...pools.values },
      },
      pools: pools.pools,
      led: (of === 'LED' ? await askedLed(signal) : undefined) ?? ledOf(module),
      fan: fanDutyOf(module),
    };
  };

  /** S and I are its words for yes; what it says besides may hold what was sent, and is not repeated. */
  const set = async (command: string, parameter: string, signal?: AbortSignal): Promise<WriteOutcome> => {
    const { letter, code } = statusOf(await ask(command, parameter, signal));
    if (letter === undefined) throw new MinerFault('unparseable', 'the answer holds no status');
    return letter === 'S' || letter === 'I'
      ? done
      : refused(`the miner refuses the setting (code ${code ?? 'absent'})`);
  };
  const ascset = (what: string, signal?: AbortSignal) => set('ascset', `0,${what}`, signal);

  /** One after the other; once the first has been taken, neither a refusal nor a fault means that nothing has changed. */
  const allOf = async (steps: readonly (() => Promise<WriteOutcome>)[]): Promise<WriteOutcome> => {
    for (const [at, step] of steps.entries()) {
      try {
        const outcome = await step();
        if (outcome.kind === 'refused' && at > 0)
          return { kind: 'lost', detail: `in part: ${outcome.detail}` };
        if (outcome.kind !== 'done') return outcome;
      } catch (error) {
        if (at === 0) throw error;
        throw new LostAnswer('unreachable', `in part: ${asMinerFault(error).message}`);
      }
    }
    return done;
  };

  const soon = async (signal?: AbortSignal) => {
    const { whenS } = statusOf(await withoutEffect(ask('version', undefined, signal)));
    const isClock = whenS !== undefined && whenS > 1e9 && whenS < 1e11;
    return Math.floor((isClock ? whenS : nowMs() / 1_000) + aheadS);
  };

  /** Older firmware takes no moment, and wakes up by a restart; a refusal has no effect, so that its way may be tried. */
  const sleep = async (signal?: AbortSignal) => {
    const outcome = await ascset(`softoff,1:${await soon(signal)}`, signal);
    return outcome.kind === 'refused' ? ascset('softoff', signal) : outcome;
  };
  const wake = async (signal?: AbortSignal) => {
    const outcome = await ascset(`softon,1:${await soon(signal)}`, signal);
    return outcome.kind === 'refused' ? ascset('reboot,0', signal) : outcome;
  };

  const setPools = async (
    wanted: Wanted & { type: 'POOL_SET' },
    before: MinerSnapshot,
    signal?: AbortSignal,
  ): Promise<WriteOutcome> => {
    const { pools } = wanted.params;
    const words = pools.flatMap(({ url, user, password }) => [url, user, password]);
    if (words.some((word) => /[,|\p{Cc}]/u.test(word)))
      return refused('an Avalon takes no comma or bar in a pool, user or password');
    const home = isForHomes(await withoutEffect(knownModel(signal)));
    /** Places that the order does not fill and the miner has filled get the last pool again, so that no old one stays. */
    const had = Array.isArray(before.settings.pools) ? before.settings.pools.length : 0;
    const places = Array.from(
      { length: Math.min(Math.max(pools.length, had), 3) },
      (_, at) => pools[at] ?? pools.at(-1),
    );
    /** The two ways of saying it; a refusal has no effect, so that the other one may be tried. */
    const store = async (words: string) => {
      const forms = [() => ascset(`setpool,${words}`, signal), () => set('setpool', words, signal)] as const;
      const [one, other] = home ? [forms[1], forms[0]] : forms;
      const outcome = await one();
      return outcome.kind === 'refused' ? other() : outcome;
    };
    return allOf([
      ...places.flatMap((pool, at) => {
        if (!pool) return [];
        return [
          () => store([login.username, login.password, at, pool.url, pool.user, pool.password].join(',')),
        ];
      }),
      () => ascset('reboot,0', signal),
    ]);
  };

  const setMode = async (mode: PowerMode, signal?: AbortSignal) => {
    const name = await withoutEffect(knownModel(signal));
    const home = isForHomes(name);
    const code = (home ? homeModes : rackModes).indexOf(mode);
    if (code < 0 || /Mini/i.test(name)) return refused('this model has no such mode');
    if (home) return ascset(`workmode,set,${code}`, signal);
    return allOf([() => ascset(`workmode,${code}`, signal), () => ascset('reboot,0', signal)]);
  };

  const write = async (
    wanted: Wanted,
    before: MinerSnapshot,
    signal?: AbortSignal,
  ): Promise<WriteOutcome> => {
    switch (wanted.type) {
      case 'MINER_RESTART':
        return ascset('reboot,0', signal);
      case 'HASHING_DISABLE':
        return sleep(signal);
      case 'HASHING_ENABLE':
        return wake(signal);
      case 'POOL_SET':
        return setPools(wanted, before, signal);
      case 'SET_FAN':
        return wanted.params.dutyPct < 15
          ? refused('an Avalon takes fan duties from 15 %')
          : ascset(`fan-spd,${wanted.params.dutyPct}`, signal);
      case 'FAN_AUTO':
        return ascset('fan-spd,-1', signal);
      case 'LED':
        return ascset(`led,1-${wanted.params.on ? 1 : 0}`, signal);
      case 'POWER_MODE':
        return setMode(wanted.params.mode, signal);
      case 'POWER_LIMIT':
      case 'FREQUENCY_SET':
        return refused('an Avalon has no such setting');
    }
  };

  const plain = plainAdapter({
    minerId,
    nowMs,
    look,
    write,
    identify: async (signal) => {
      const told = await version(signal);
      if (!told) throw new MinerFault('unparseable', 'this is not an Avalon');
      model = told.model;
      return {
        vendor: 'avalon',
        model: told.model,
        firmware: told.firmware ?? 'unknown',
        apiVersion: told.api ?? 'unknown',
        macAddress: told.macAddress,
        serialNumber: told.serialNumber,
      };
    },
  });
  return {
    ...plain,
    snapshot: async (order, signal) => {
      const { reading, settings } = await plain.snapshot(order, signal);
      return { reading, settings: { ...settings, fan: 'auto' } };
    },
    readRestored: async (restoration, signal) =>
      restoration.order.type === 'SET_FAN' ? { seen: undefined } : plain.readRestored(restoration, signal),
  };
};
