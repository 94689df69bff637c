import type { MinerOrder } from '../../../contracts/command.ts';
import type { MinerState, PowerMode } from '../../../contracts/reading.ts';
import { parseLooseJson, parseWholeJson } from '../../io/loose-json.ts';
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
import { judgementsOf } from '../summary-judgements.ts';
import { unreachable } from '../unreachable.ts';
import { type Fields, fieldsOf, listOf, maxOf, numberOf, present, textOf } from '../values.ts';
import { antminerEffectSeen, antminerRestored } from './effect.ts';
import { formBody, formConfAfter, formOrder, isAsleep, workModeOf } from './form-conf.ts';
import { confAfter, confRestored, isFormConf, type MinerConf, manualFanPctOf, modeOf } from './miner-conf.ts';
import { type AntminerStats, parseStats } from './parse-stats.ts';

type Deps = { readonly minerId: string; readonly io: MinerIo; readonly nowMs: () => number };

const bootS = 300;
const ask = (command: string) => JSON.stringify({ command });

const form = 'application/x-www-form-urlencoded; charset=UTF-8';

/**
 * An Antminer with stock firmware: reads over RPC (TCP 4028), writes over the web interface. From the S19 on that takes the whole
 * configuration as JSON. Before, S9 to S17, it takes a form whose fields count by their place, which the settings page tells
 * (CGI scripts of github.com/bitmaintech/Antminer_firmware and later images; the open Lua scripts of
 * BTC Tools, `AntminerHttpCgi`; Foreman's agent, `StockPowerModeAction`). The script there sleeps half a minute before it says `ok`, so the
 * answer of a form mostly counts as lost and the configuration is read back; lights blink while their request lasts. A full read asks the web
 * interface for one page, that of what the miner itself finds wrong; a core read of a miner that hashes for none.
 */
export const antminerAdapter = ({ minerId, io, nowMs }: Deps): MinerAdapter => {
  let knownMode: PowerMode | undefined;
  let workingMode: PowerMode | undefined;
  let formWorkMode: string | undefined;
  /** Firmware without the page, before the S19, is not asked for it again. */
  let judgesItself = true;

  const web = async (path: string, signal?: AbortSignal): Promise<Fields> => {
    const answer = await io.http('GET', path, undefined, signal);
    if (answer.status !== 200) throw new MinerFault('denied', `the web interface answers ${answer.status}`);
    return fieldsOf(parseWholeJson(answer.body));
  };
  const readConf = async (signal?: AbortSignal): Promise<MinerConf> => {
    const conf = await web('/cgi-bin/get_miner_conf.cgi', signal);
    if (Object.keys(conf).length === 0) throw new MinerFault('unparseable', 'the configuration is empty');
    knownMode = modeOf(conf);
    if (knownMode !== 'sleep') workingMode = knownMode;
    if (isFormConf(conf) && !isAsleep(conf)) formWorkMode = workModeOf(conf);
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

  /** What the miner says to be wrong; behind the login, and no reason for a read to fail. */
  const judgements = async (signal?: AbortSignal): Promise<string[] | undefined> => {
    if (!judgesItself) return undefined;
    try {
      const answer = await io.http('GET', '/cgi-bin/summary.cgi', undefined, signal);
      judgesItself = answer.status !== 404;
      return answer.status === 200 ? judgementsOf(fieldsOf(parseWholeJson(answer.body))) : undefined;
    } catch {
      return undefined;
    }
  };

  /** `of` an order, where the look is for its effect, which no judgement shows. */
  const readAll = async (depth: ReadDepth, of: MinerOrder['type'] | undefined, signal?: AbortSignal) => {
    const sampledAtMs = nowMs();
    const full = depth === 'full';
    const answer = await io.rpc(ask('stats'), signal);
    if (!Array.isArray(answer.STATS)) throw new MinerFault('unparseable', 'the answer holds no stats');
    const stats = parseStats(answer);
    const [pools, errorCodes] = await Promise.all([
      full ? io.rpc(ask('pools'), signal).then(parsePools, () => parsePools({})) : undefined,
      full && of === undefined ? judgements(signal) : undefined,
    ]);
    const state = await stateOf(stats, signal);
    if (full && knownMode === undefined) await readConf(signal).catch(() => undefined);
    return {
      minerId,
      sampledAtMs,
      state,
      ...(knownMode && { mode: knownMode }),
      ...(errorCodes && { errorCodes }),
      values: { ...stats.values, ...pools?.values },
    };
  };

  const read = async (
    depth: ReadDepth,
    of: MinerOrder['type'] | undefined,
    signal?: AbortSignal,
  ): Promise<MinerReadResult> => {
    try {
      return { reading: await readAll(depth, of, signal) };
    } catch (error) {
      return unreachable(minerId, nowMs(), asMinerFault(error));
    }
  };

  const post = async (
    path: string,
    body: string | undefined,
    signal?: AbortSignal,
    contentType?: string,
  ): Promise<WriteOutcome> => {
    try {
      const answer = await io.http(body === undefined ? 'GET' : 'POST', path, body, signal, contentType);
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

  /** An answer that is neither `ok` nor nothing is a page that says why not. */
  const writeForm = async (conf: Fields, signal?: AbortSignal): Promise<WriteOutcome> => {
    const page = await io.http('GET', '/cgi-bin/minerConfiguration.cgi', undefined, signal);
    const body = formBody(conf, formOrder(page.status === 200 ? page.body : ''));
    try {
      const answer = await io.http('POST', '/cgi-bin/set_miner_conf.cgi', body, signal, form);
      knownMode = undefined;
      if (answer.status === 200 && /^(?:ok)?$/i.test(answer.body.trim())) return { kind: 'done' };
      return { kind: 'refused', detail: `the miner refuses the form (HTTP ${answer.status})` };
    } catch (error) {
      const fault = asMinerFault(error);
      return { kind: fault instanceof LostAnswer ? 'lost' : 'refused', detail: fault.message };
    }
  };

  const writeAny = (conf: Fields, signal?: AbortSignal) =>
    isFormConf(conf) ? writeForm(conf, signal) : writeConf(conf, signal);

  const light = (conf: MinerConf, on: boolean, signal?: AbortSignal) =>
    isFormConf(conf)
      ? post('/cgi-bin/blink.cgi', `action=${on ? 'startBlink' : 'stopBlink'}`, signal, form)
      : post('/cgi-bin/blink.cgi', JSON.stringify({ blink: String(on) }), signal);

  const lightStatus = async (conf: MinerConf, signal?: AbortSignal): Promise<unknown> => {
    if (!isFormConf(conf)) return (await web('/cgi-bin/get_blink_status.cgi', signal)).blink;
    const answer = await io.http('POST', '/cgi-bin/blink.cgi', 'action=onPageLoaded', signal, form);
    return fieldsOf(parseLooseJson(answer.body)).isBlinking;
  };

  /** Reads everything that can show an order's effect. */
  const look = async (
    order: MinerOrder,
    shows: (now: Parameters<typeof antminerRestored>[2]) => boolean,
    signal?: AbortSignal,
  ): Promise<ReadBack> => {
    const { reading, fault } = await read('full', order.type, signal);
    if (fault) return { seen: undefined };
    try {
      const conf = await readConf(signal);
      const blink = order.type === 'LED' ? await lightStatus(conf, signal) : undefined;
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
      judgesItself = true;
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

    read: (depth, signal) => read(depth, undefined, signal),

    snapshot: async (order, signal) => {
      const conf = await readConf(signal);
      const blink = order.type === 'LED' ? await lightStatus(conf, signal).catch(() => undefined) : undefined;
      return {
        reading: withConf(await readAll('full', order.type, signal), conf),
        settings: { conf, blink: blink ?? false },
      };
    },

    execute: async (order, before: MinerSnapshot, signal) => {
      if (order.type === 'MINER_RESTART') return post('/cgi-bin/reboot.cgi', undefined, signal);
      const was = fieldsOf(before.settings.conf);
      if (order.type === 'LED') return light(was, order.params.on, signal);
      try {
        const conf = isFormConf(was)
          ? formConfAfter(order, was, formWorkMode)
          : confAfter(order, was, before.reading.values.frequencyMhz, workingMode);
        return conf
          ? await writeAny(conf, signal)
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
        return light(fieldsOf(now.settings.conf), blink === true || blink === 'true', signal);
      }
      const conf = confRestored(order, fieldsOf(before.settings.conf), fieldsOf(now.settings.conf));
      if (!conf) return { kind: 'refused', detail: `${order.type} leaves nothing to put back` };
      try {
        return await writeAny(conf, signal);
      } catch (error) {
        return { kind: 'refused', detail: asMinerFault(error).message };
      }
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
