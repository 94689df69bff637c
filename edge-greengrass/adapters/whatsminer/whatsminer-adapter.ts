import type { MinerOrder } from '../../../contracts/command.ts';
import type { MinerReading, MinerState } from '../../../contracts/reading.ts';
import { asMinerFault, MinerFault } from '../../io/miner-fault.ts';
import { LostAnswer } from '../../io/tcp-exchange.ts';
import { hasRestarted } from '../has-restarted.ts';
import type { MinerAdapter, MinerReadResult, ReadDepth, WriteOutcome } from '../miner-adapter.ts';
import type { MinerIo } from '../miner-io.ts';
import { parsePools } from '../parse-pools.ts';
import { unreachable } from '../unreachable.ts';
import { type Fields, fieldsOf, listOf, present, textOf } from '../values.ts';
import {
  isLedSet,
  parseDevs,
  parseErrorCodes,
  parseMinerInfo,
  parseStatus,
  parseSummary,
  parseVersion,
  unwrap,
} from './parse-answers.ts';
import { reverseOrder } from './reverse-order.ts';
import { writeFor } from './write-commands.ts';
import {
  apiCode,
  codeOf,
  openAnswer,
  openSession,
  sealWrite,
  sessionLifetimeMs,
  type WriteSession,
} from './write-session.ts';

type Deps = {
  readonly minerId: string;
  readonly io: MinerIo;
  readonly password: string;
  readonly nowMs: () => number;
};

const bootS = 300;

/** A Whatsminer with API 2: JSON on TCP 4028, writes sealed with AES under a token. */
export const whatsminerAdapter = ({ minerId, io, password, nowMs }: Deps): MinerAdapter => {
  let session: WriteSession | undefined;
  let joins = true;
  let boardsIn = 'devs';

  const ask = (cmd: string, signal?: AbortSignal) => io.rpc(JSON.stringify({ cmd }), signal);
  const orNothing = (cmd: string, signal?: AbortSignal) => ask(cmd, signal).catch(() => ({}) as Fields);

  /** `summary+devs+pools` in one connection where the firmware joins commands, else one connection each. */
  const askAll = async (names: readonly string[], signal?: AbortSignal): Promise<readonly Fields[]> => {
    if (joins && names.length > 1) {
      const answer = await ask(names.join('+'), signal);
      const parts = names.map((name) => listOf(answer[name])[0] ?? fieldsOf(answer[name]));
      if (parts.every((part) => Object.keys(part).length > 0)) return parts;
      joins = false;
    }
    const [first = '', ...others] = names;
    return [await ask(first, signal), ...(await Promise.all(others.map((name) => orNothing(name, signal))))];
  };

  /** What does not know `devs` is asked for `edevs`, the one name that tetherto/miningos-wrk-miner-whatsminer asks by. */
  const boardsOf = async (answer: Fields, signal?: AbortSignal): Promise<Fields> => {
    if (boardsIn === 'edevs' || codeOf(answer) !== apiCode.badCommand) return answer;
    const extended = await orNothing('edevs', signal);
    if (unwrap(extended, 'DEVS').DEVS !== undefined) boardsIn = 'edevs';
    return extended;
  };

  const stateOf = (
    values: MinerReading['values'],
    reported: boolean,
    off: boolean | undefined,
  ): MinerState => {
    if (off) return 'stopped';
    if ((values.hashrateThs ?? 0) > 0) return 'hashing';
    if (!reported || (values.uptimeS !== undefined && values.uptimeS < bootS)) return 'booting';
    return values.board1Chips === 0 && values.board2Chips === 0 && values.board3Chips === 0
      ? 'fault'
      : 'idle';
  };

  const readAll = async (depth: ReadDepth, signal?: AbortSignal): Promise<MinerReading> => {
    const sampledAtMs = nowMs();
    const names = depth === 'full' ? ['summary', boardsIn, 'pools'] : ['summary', boardsIn];
    const [summaryAnswer = {}, devsAnswer = {}, poolsAnswer = {}] = await askAll(names, signal);
    if (unwrap(summaryAnswer, 'SUMMARY').SUMMARY === undefined && codeOf(summaryAnswer) === undefined) {
      throw new MinerFault('unparseable', 'the answer holds no summary');
    }
    const summary = parseSummary(summaryAnswer);
    const quiet = (summary.values.hashrateThs ?? 0) <= 0;
    const status = depth === 'full' || quiet ? parseStatus(await orNothing('status', signal)) : undefined;
    const errorCodes =
      depth === 'full' ? parseErrorCodes(await orNothing('get_error_code', signal)) : undefined;
    const pools = depth === 'full' ? parsePools(unwrap(poolsAnswer, 'POOLS')) : undefined;
    const values = {
      ...parseDevs(await boardsOf(devsAnswer, signal)),
      ...pools?.values,
      ...present({ powerLimitW: status?.powerLimitW }),
      ...summary.values,
    };
    const mode = summary.mode ?? status?.mode;
    return {
      minerId,
      sampledAtMs,
      state: stateOf(values, summary.reported, status?.off),
      ...(mode && { mode }),
      ...(errorCodes && { errorCodes }),
      values,
    };
  };

  const read = async (depth: ReadDepth, signal?: AbortSignal): Promise<MinerReadResult> => {
    try {
      return { reading: await readAll(depth, signal) };
    } catch (error) {
      return unreachable(minerId, nowMs(), asMinerFault(error));
    }
  };

  const freshSession = async (signal?: AbortSignal) => {
    if (session && nowMs() - session.openedAtMs < sessionLifetimeMs) return session;
    session = openSession(await ask('get_token', signal), password, nowMs());
    return session;
  };

  /** A token that the miner refuses has had no effect, so the write is sent once more under a new one. */
  const write = async (
    command: string,
    params: Readonly<Record<string, string | number>>,
    signal?: AbortSignal,
  ) => {
    for (let attempt = 0; ; attempt++) {
      const open = await freshSession(signal);
      const answer = openAnswer(open, await io.rpc(sealWrite(open, command, params), signal));
      const code = codeOf(answer);
      const stale = code === apiCode.tokenCheck || code === apiCode.tokensFull;
      if (!stale || attempt > 0) return { code, status: textOf(answer.STATUS) };
      session = undefined;
    }
  };

  const execute = async (order: MinerOrder, signal?: AbortSignal): Promise<WriteOutcome> => {
    const wanted = writeFor(order);
    if (!wanted) return { kind: 'refused', detail: 'API 2 has no such command' };
    try {
      await freshSession(signal);
    } catch (error) {
      return { kind: 'refused', detail: asMinerFault(error).message };
    }
    try {
      const { code, status } = await write(wanted.command, wanted.params, signal);
      if (code === apiCode.ok || (code === undefined && status === 'S')) return { kind: 'done' };
      return { kind: 'refused', detail: `the miner refuses ${wanted.command} (code ${code ?? 'absent'})` };
    } catch (error) {
      const fault = asMinerFault(error);
      const mayHaveArrived = fault instanceof LostAnswer || fault.kind === 'unparseable';
      return { kind: mayHaveArrived ? 'lost' : 'refused', detail: fault.message };
    }
  };

  const effectSeen = async (
    order: MinerOrder,
    before: MinerReading,
    now: MinerReading,
    sinceMs: number,
    signal?: AbortSignal,
  ) => {
    switch (order.type) {
      case 'MINER_RESTART':
        return hasRestarted(before, now, sinceMs);
      case 'HASHING_DISABLE':
        return now.state === 'stopped';
      case 'HASHING_ENABLE':
        return now.state === 'hashing';
      case 'POWER_MODE':
        return now.mode === order.params.mode;
      case 'POWER_LIMIT':
        return now.values.powerLimitW === order.params.limitW;
      case 'POOL_SET': {
        const { pools } = parsePools(unwrap(await ask('pools', signal), 'POOLS'));
        return order.params.pools.every(
          ({ url, user }, at) => pools[at]?.url === url && pools[at]?.user === user,
        );
      }
      case 'LED':
        return isLedSet(await ask('get_miner_info', signal)) === order.params.on;
      case 'SET_FAN':
      case 'FREQUENCY_SET':
        return false;
    }
  };

  const readBack: MinerAdapter['readBack'] = async (order, before, sinceMs, signal) => {
    const { reading, fault } = await read('full', signal);
    if (fault) return { seen: undefined };
    try {
      return { seen: await effectSeen(order, before.reading, reading, sinceMs, signal), reading };
    } catch {
      return { seen: undefined, reading };
    }
  };

  return {
    identify: async (signal) => {
      const { api, firmware } = parseVersion(await ask('get_version', signal));
      if (api === undefined && firmware === undefined)
        throw new MinerFault('unparseable', 'this is not a Whatsminer');
      const details = await orNothing('devdetails', signal);
      const model = textOf(listOf(unwrap(details, 'DEVDETAILS').DEVDETAILS)[0]?.Model);
      return {
        vendor: 'whatsminer',
        model: model ? `Whatsminer ${model}` : 'Whatsminer',
        firmware: firmware ?? 'unknown',
        apiVersion: api ?? 'unknown',
        ...parseMinerInfo(await orNothing('get_miner_info', signal)),
      };
    },
    read,
    snapshot: async (order, signal) => {
      const [reading, pools] = [
        await readAll('full', signal),
        parsePools(unwrap(await orNothing('pools', signal), 'POOLS')).pools,
      ];
      const led = order.type === 'LED' ? isLedSet(await orNothing('get_miner_info', signal)) : undefined;
      return {
        reading,
        settings: { pools, mode: reading.mode, powerLimitW: reading.values.powerLimitW, led },
      };
    },
    execute: (order, _before, signal) => execute(order, signal),
    readBack,
    restore: async (restoration, _now, signal) => {
      const order = reverseOrder(restoration);
      return order
        ? execute(order, signal)
        : { kind: 'refused', detail: `what ${restoration.order.type} changed was not recorded` };
    },
    readRestored: async (restoration, signal) => {
      const order = reverseOrder(restoration);
      return order ? readBack(order, restoration.before, 0, signal) : { seen: undefined };
    },
  };
};
