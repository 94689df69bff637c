import type { MinerOrder } from '../../../contracts/command.ts';
import type { MinerState, PowerMode } from '../../../contracts/reading.ts';
import { parseLooseJson } from '../../io/loose-json.ts';
import { asMinerFault, MinerFault } from '../../io/miner-fault.ts';
import { LostAnswer } from '../../io/tcp-exchange.ts';
import type {
  MinerAdapter,
  MinerReadResult,
  MinerSnapshot,
  ReadBack,
  ReadDepth,
  WriteOutcome,
} from '../miner-adapter.ts';
import type { MinerIo } from '../miner-io.ts';
import { parsePools } from '../parse-pools.ts';
import { unreachable } from '../unreachable.ts';
import { type Fields, fieldsOf, listOf, maxOf, numberOf, present, textOf } from '../values.ts';
import { antminerEffectSeen, antminerRestored } from './effect.ts';
import { confAfter, confRestored, type MinerConf, manualFanPctOf, modeOf } from './miner-conf.ts';
import { type AntminerStats, parseStats } from './parse-stats.ts';

type Deps = { readonly minerId: string; readonly io: MinerIo; readonly nowMs: () => number };

const bootS = 300;
const ask = (command: string) => JSON.stringify({ command });

/** An Antminer with stock firmware: reads over RPC (TCP 4028), writes over the web interface. */
export const antminerAdapter = ({ minerId, io, nowMs }: Deps): MinerAdapter => {
  let knownMode: PowerMode | undefined;
  let workingMode: PowerMode | undefined;

  const web = async (path: string, signal?: AbortSignal): Promise<Fields> => {
    const answer = await io.http('GET', path, undefined, signal);
    if (answer.status !== 200) throw new MinerFault('denied', `the web interface answers ${answer.status}`);
    return fieldsOf(parseLooseJson(answer.body));
  };
  const readConf = async (signal?: AbortSignal): Promise<MinerConf> => {
    const conf = await web('/cgi-bin/get_miner_conf.cgi', signal);
    if (Object.keys(conf).length === 0) throw new MinerFault('unparseable', 'the configuration is empty');
    knownMode = modeOf(conf);
    if (knownMode !== 'sleep') workingMode = knownMode;
    return conf;
  };

  const stateOf = async ({ values, reported }: AntminerStats, signal?: AbortSignal): Promise<MinerState> => {
    if ((values.hashrateThs ?? 0) > 0) {
      if (knownMode === 'sleep') knownMode = undefined;
      return 'hashing';
    }
    const conf = await readConf(signal).catch(() => undefined);
    if (conf && modeOf(conf) === 'sleep') return 'stopped';
    if (!reported || (values.uptimeS !== undefined && values.uptimeS < bootS)) return 'booting';
    const chips = maxOf([values.board1Chips, values.board2Chips, values.board3Chips]);
    return chips === 0 ? 'fault' : 'idle';
  };

  const readAll = async (depth: ReadDepth, signal?: AbortSignal) => {
    const sampledAtMs = nowMs();
    const answer = await io.rpc(ask('stats'), signal);
    if (!Array.isArray(answer.STATS)) throw new MinerFault('unparseable', 'the answer holds no stats');
    const stats = parseStats(answer);
    const pools =
      depth === 'full' ? parsePools(await io.rpc(ask('pools'), signal).catch(() => ({}))) : undefined;
    const state = await stateOf(stats, signal);
    if (depth === 'full' && knownMode === undefined) await readConf(signal).catch(() => undefined);
    return {
      minerId,
      sampledAtMs,
      state,
      ...(knownMode && { mode: knownMode }),
      values: { ...stats.values, ...pools?.values },
    };
  };

  const read = async (depth: ReadDepth, signal?: AbortSignal): Promise<MinerReadResult> => {
    try {
      return { reading: await readAll(depth, signal) };
    } catch (error) {
      return unreachable(minerId, nowMs(), asMinerFault(error));
    }
  };

  const post = async (
    path: string,
    body: string | undefined,
    signal?: AbortSignal,
  ): Promise<WriteOutcome> => {
    try {
      const answer = await io.http(body === undefined ? 'GET' : 'POST', path, body, signal);
      if (answer.status !== 200)
        return { kind: 'refused', detail: `the web interface answers ${answer.status}` };
      return { kind: 'done' };
    } catch (error) {
      const fault = asMinerFault(error);
      return fault instanceof LostAnswer
        ? { kind: 'lost', detail: fault.message }
        : { kind: 'refused', detail: fault.message };
    }
  };

  const writeConf = async (conf: Fields, signal?: AbortSignal): Promise<WriteOutcome> => {
    try {
      const answer = await io.http('POST', '/cgi-bin/set_miner_conf.cgi', JSON.stringify(conf), signal);
      knownMode = undefined;
      const stats = textOf(fieldsOf(tryLoose(answer.body)).stats);
      if (stats === 'success' || (answer.status === 200 && /\bsuccess\b|^ok$/i.test(answer.body.trim())))
        return { kind: 'done' };
      const code = textOf(fieldsOf(tryLoose(answer.body)).code);
      return {
        kind: 'refused',
        detail: `the miner refuses the configuration (${code ?? `HTTP ${answer.status}`})`,
      };
    } catch (error) {
      const fault = asMinerFault(error);
      return { kind: fault instanceof LostAnswer ? 'lost' : 'refused', detail: fault.message };
    }
  };

  const light = (on: boolean, signal?: AbortSignal) =>
    post('/cgi-bin/blink.cgi', JSON.stringify({ blink: String(on) }), signal);

  /** Reads everything that can show an order's effect. */
  const look = async (
    order: MinerOrder,
    shows: (now: Parameters<typeof antminerRestored>[2]) => boolean,
    signal?: AbortSignal,
  ): Promise<ReadBack> => {
    const { reading, fault } = await read('full', signal);
    if (fault) return { seen: undefined };
    try {
      const conf = await readConf(signal);
      const { blink } = order.type === 'LED' ? await web('/cgi-bin/get_blink_status.cgi', signal) : {};
      const now = withConf(reading, conf);
      return { seen: shows({ reading: now, conf, blink }), reading: now };
    } catch {
      return { seen: undefined, reading };
    }
  };

  return {
    identify: async (signal) => {
      const version = await io.rpc(ask('version'), signal);
      const entry = listOf(version.VERSION)[0];
      if (!entry) throw new MinerFault('unparseable', 'the answer holds no version');
      const named = textOf(entry.Type);
      const system = await web('/cgi-bin/get_system_info.cgi', signal).catch(() => ({}) as Fields);
      const model = named ?? textOf(system.minertype);
      if (!model?.toUpperCase().includes('ANTMINER'))
        throw new MinerFault('unparseable', 'this is not an Antminer');
      await readConf(signal).catch(() => undefined);
      return {
        vendor: 'antminer',
        model,
        firmware: textOf(entry.Miner) ?? textOf(system.system_filesystem_version) ?? 'unknown',
        apiVersion: textOf(entry.API) ?? String(numberOf(entry.API) ?? 'unknown'),
        macAddress: textOf(system.macaddr),
        serialNumber: textOf(system.serinum),
        hostname: textOf(system.hostname),
      };
    },

    read,

    snapshot: async (order, signal) => {
      const conf = await readConf(signal);
      const { blink } =
        order.type === 'LED'
          ? await web('/cgi-bin/get_blink_status.cgi', signal).catch(() => ({}) as Fields)
          : {};
      return {
        reading: withConf(await readAll('full', signal), conf),
        settings: { conf, blink: blink ?? false },
      };
    },

    execute: async (order, before: MinerSnapshot, signal) => {
      if (order.type === 'MINER_RESTART') return post('/cgi-bin/reboot.cgi', undefined, signal);
      if (order.type === 'LED') return light(order.params.on, signal);
      try {
        const conf = confAfter(
          order,
          fieldsOf(before.settings.conf),
          before.reading.values.frequencyMhz,
          workingMode,
        );
        return conf
          ? await writeConf(conf, signal)
          : { kind: 'refused', detail: 'stock firmware has no such setting' };
      } catch (error) {
        return { kind: 'refused', detail: asMinerFault(error).message };
      }
    },

    readBack: (order: MinerOrder, before, sinceMs, signal) =>
      look(order, (now) => antminerEffectSeen(order, before, now, sinceMs), signal),

    restore: async ({ order, before }, now, signal) => {
      if (order.type === 'LED') {
        const { blink } = before.settings;
        return light(blink === true || blink === 'true', signal);
      }
      const conf = confRestored(order, fieldsOf(before.settings.conf), fieldsOf(now.settings.conf));
      return conf
        ? writeConf(conf, signal)
        : { kind: 'refused', detail: `${order.type} leaves nothing to put back` };
    },

    readRestored: ({ order, before }, signal) =>
      look(order, (now) => antminerRestored(order, before, now), signal),
  };
};

const tryLoose = (text: string): unknown => {
  try {
    return parseLooseJson(text);
  } catch {
    return undefined;
  }
};

const withConf = (reading: MinerReadResult['reading'], conf: MinerConf) => {
  const mode = modeOf(conf);
  return {
    ...reading,
    ...(mode && { mode }),
    values: {
      ...reading.values,
      ...present({ fanDutyPct: reading.values.fanDutyPct ?? manualFanPctOf(conf) }),
    },
  };
};
