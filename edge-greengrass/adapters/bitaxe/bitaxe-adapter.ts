import { parseLooseJson } from '../../io/loose-json.ts';
import { asMinerFault, MinerFault } from '../../io/miner-fault.ts';
import { LostAnswer } from '../../io/tcp-exchange.ts';
import type { MinerAdapter, WriteOutcome } from '../miner-adapter.ts';
import type { MinerIo } from '../miner-io.ts';
import { type Look, plainAdapter } from '../plain-adapter.ts';
import type { Wanted } from '../put-back.ts';
import { type Fields, fieldsOf, textOf } from '../values.ts';
import { withoutEffect } from '../write-outcome.ts';
import { errorsOf, fanOf, modelOf, parseValues, poolsOf, stateOf } from './parse-info.ts';

type Deps = { readonly minerId: string; readonly io: MinerIo; readonly nowMs: () => number };

const done: WriteOutcome = { kind: 'done' };
const refused = (detail: string): WriteOutcome => ({ kind: 'refused', detail });

/**
 * AxeOS, the firmware of Bitaxe and, with additions, of NerdAxe: HTTP without a login. Sources: bitaxeorg/ESP-Miner
 * (`main/http_server`, its OpenAPI document), shufps/ESP-Miner-NerdQAxePlus, 256foundation/asic-rs `bitaxe` (v2_0_0, v2_9_0,
 * v2_14_0) and a recorded answer of 2.4.5. All is in `GET /api/system/info`; `PATCH /api/system` stores settings, of which clock and
 * fan hold at once and pools from the next start; `POST /api/system/{restart,pause,resume}`, the last two from 2.14 on.
 */
export const bitaxeAdapter = ({ minerId, io, nowMs }: Deps): MinerAdapter => {
  const info = async (signal?: AbortSignal): Promise<Fields> => {
    const answer = await io.web({ method: 'GET', path: '/api/system/info' }, signal);
    if (answer.status !== 200) throw new MinerFault('denied', `the miner answers ${answer.status}`);
    const told = fieldsOf(parseLooseJson(answer.body));
    if (told.hashRate === undefined || told.ASICModel === undefined)
      throw new MinerFault('unparseable', 'this is not AxeOS');
    return told;
  };

  const look = async (
    depth: 'core' | 'full',
    _of: string | undefined,
    signal?: AbortSignal,
  ): Promise<Look> => {
    const sampledAtMs = nowMs();
    const told = await info(signal);
    const values = parseValues(told);
    return {
      reading: {
        minerId,
        sampledAtMs,
        state: stateOf(told),
        ...(depth === 'full' && { errorCodes: errorsOf(told) }),
        values,
      },
      pools: poolsOf(told),
      fan: fanOf(told),
      frequencyMhz: values.frequencyMhz,
    };
  };

  /** Its answers have no body that says more than their status. */
  const send = async (
    method: 'POST' | 'PATCH',
    path: string,
    body?: Fields,
    signal?: AbortSignal,
  ): Promise<WriteOutcome> => {
    const answer = await io.web(
      { method, path, body: body === undefined ? undefined : JSON.stringify(body) },
      signal,
    );
    if (answer.status >= 200 && answer.status < 300) return done;
    return refused(
      answer.status === 404 ? 'this version has no such command' : `the miner answers ${answer.status}`,
    );
  };
  const set = (settings: Fields, signal?: AbortSignal) => send('PATCH', '/api/system', settings, signal);
  const restart = (signal?: AbortSignal) => send('POST', '/api/system/restart', undefined, signal);

  /** What a write needs to know first. */
  const known = (signal?: AbortSignal) => withoutEffect(info(signal));

  const setPools = async (wanted: Wanted & { type: 'POOL_SET' }, signal?: AbortSignal) => {
    const { pools } = wanted.params;
    if (pools.length > 2) return refused('AxeOS has a pool and one to fall back to, no third');
    const told = await known(signal);
    const knowsTls = told.stratumTLS !== undefined;
    const settings: Record<string, unknown> = {};
    for (const [prefix, pool] of [
      ['stratum', pools[0]],
      ['fallbackStratum', pools[1]],
    ] as const) {
      const parts = /^stratum\+(tcp|ssl):\/\/([^/:\s]+|\[[0-9a-f:]+\]):(\d{1,5})$/i.exec(pool?.url ?? '');
      if (pool && !parts) return refused('AxeOS takes pools as host and port only');
      const secured = parts?.[1]?.toLowerCase() === 'ssl';
      if (secured && !knowsTls) return refused('this version of AxeOS reaches pools without TLS only');
      Object.assign(settings, {
        [`${prefix}URL`]: parts?.[2] ?? '',
        ...(parts && { [`${prefix}Port`]: Number(parts[3]) }),
        [`${prefix}User`]: pool?.user ?? '',
        [`${prefix}Password`]: pool?.password ?? '',
        ...(knowsTls && { [`${prefix}TLS`]: secured ? 1 : 0 }),
      });
    }
    const stored = await set(settings, signal);
    if (stored.kind !== 'done') return stored;
    try {
      const restarted = await restart(signal);
      return restarted.kind === 'done' ? done : refused('the pools are stored, but it refuses to restart');
    } catch (error) {
      throw new LostAnswer('unreachable', `the pools are stored, but ${asMinerFault(error).message}`);
    }
  };

  /** The setting's form as this version tells it: a flag or a number, and under one of two names. */
  const setFan = async (duty: number | undefined, signal?: AbortSignal) => {
    const { autofanspeed, manualFanSpeed } = await known(signal);
    const auto = duty === undefined;
    return set(
      {
        autofanspeed: typeof autofanspeed === 'boolean' ? auto : Number(auto),
        ...(!auto && { [manualFanSpeed === undefined ? 'fanspeed' : 'manualFanSpeed']: duty }),
      },
      signal,
    );
  };

  const write = async (wanted: Wanted, signal?: AbortSignal): Promise<WriteOutcome> => {
    switch (wanted.type) {
      case 'MINER_RESTART':
        return restart(signal);
      case 'HASHING_DISABLE':
        return send('POST', '/api/system/pause', undefined, signal);
      case 'HASHING_ENABLE':
        return send('POST', '/api/system/resume', undefined, signal);
      case 'POOL_SET':
        return setPools(wanted, signal);
      case 'SET_FAN':
        return setFan(wanted.params.dutyPct, signal);
      case 'FAN_AUTO':
        return setFan(undefined, signal);
      case 'FREQUENCY_SET':
        return set({ frequency: wanted.params.frequencyMhz }, signal);
      case 'POWER_MODE':
      case 'POWER_LIMIT':
      case 'LED':
        return refused('AxeOS has no such setting');
    }
  };

  return plainAdapter({
    minerId,
    nowMs,
    look,
    write: (wanted, _before, signal) => write(wanted, signal),
    identify: async (signal) => {
      const told = await info(signal);
      const firmware = textOf(told.axeOSVersion) ?? textOf(told.version) ?? 'unknown';
      return {
        vendor: 'bitaxe',
        model: modelOf(told) ?? 'Bitaxe',
        firmware: textOf(told.version) ?? firmware,
        apiVersion: firmware,
        macAddress: textOf(told.macAddr),
        hostname: textOf(told.hostname),
      };
    },
  });
};
