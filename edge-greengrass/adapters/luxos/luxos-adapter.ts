import * as z from 'zod';
import type { Pool } from '../../../contracts/command.ts';
import { MinerFault } from '../../io/miner-fault.ts';
import type { MinerAdapter, WriteOutcome } from '../miner-adapter.ts';
import type { MinerIo } from '../miner-io.ts';
import { parsePools } from '../parse-pools.ts';
import { type Look, plainAdapter } from '../plain-adapter.ts';
import type { Wanted } from '../put-back.ts';
import { type TunedOrder, tunedAdapter } from '../tuned-adapter.ts';
import { type Fields, listOf, numberOf, textOf } from '../values.ts';
import { withoutEffect } from '../write-outcome.ts';
import { byPriority, errorCodesOf, fanOf, ledOf, parseValues, rowOf, stateOf } from './parse-answers.ts';
import { luxRpc, writeSession } from './write-session.ts';

type Deps = { readonly minerId: string; readonly io: MinerIo; readonly nowMs: () => number };

const done: WriteOutcome = { kind: 'done' };
const profile = z.object({ profile: z.string() });

/** The fields of a command's parameter are parted by commas, which therefore no field can hold. */
const isPlain = (text: string) => !/[,\\]/.test(text);

/**
 * LuxOS: cgminer's API on port 4028 with the maker's own commands. Sources: docs.luxor.tech (LuxOS API), the list of commands in
 * github.com/LuxorLabs/luxos-tooling (`api.json`), the recorded answers. Limits and clocks are profiles, each with a clock and the
 * watts that it is expected to take; the thermal management may choose a lower one by itself.
 */
export const luxosAdapter = ({ minerId, io, nowMs }: Deps): MinerAdapter => {
  const rpc = luxRpc(io);
  const inSession = writeSession(rpc);
  const orNothing = (answer: Promise<Fields>): Promise<Fields> => answer.catch(() => ({}));
  const said = (command: string, signal?: AbortSignal) => rpc(command, undefined, signal);

  const look = async (depth: 'core' | 'full', signal?: AbortSignal): Promise<Look> => {
    const sampledAtMs = nowMs();
    const full = depth === 'full';
    const more = (command: string) => (full ? orNothing(said(command, signal)) : {});
    const [stats, power, told, fans, temps, tempctrl, voltage, poolList, events] = await Promise.all([
      said('stats', signal),
      orNothing(said('power', signal)),
      more('config'),
      more('fans'),
      more('temps'),
      more('tempctrl'),
      full ? orNothing(rpc('voltageget', '0', signal)) : {},
      more('pools'),
      full ? said('events', signal).catch(() => undefined) : undefined,
    ]);
    const values = parseValues({ stats, power, fans, temps, voltage });
    const config = full || (values.hashrateThs ?? 0) > 0 ? told : await orNothing(said('config', signal));
    const pools = parsePools(byPriority(poolList));
    return {
      reading: {
        minerId,
        sampledAtMs,
        state: stateOf(values.hashrateThs, config),
        ...(events && { errorCodes: errorCodesOf(events) }),
        values: { ...values, ...pools.values },
      },
      pools: pools.pools,
      led: ledOf(config),
      fan: fanOf(tempctrl, fans),
    };
  };

  /** New pools first, then the old ones from the last on, since their numbers move up. None of this needs a session. */
  const setPools = async (pools: readonly Pool[], signal?: AbortSignal): Promise<WriteOutcome> => {
    const fields = pools.map(({ url, user, password }) => [url, user, password]);
    if (!fields.flat().every(isPlain))
      return { kind: 'refused', detail: 'LuxOS takes no commas or backslashes in pools' };
    const before = await withoutEffect(said('pools', signal));
    const old = listOf(before.POOLS).flatMap((pool) => numberOf(pool.POOL) ?? []);
    let added = 0;
    try {
      for (const parts of fields) {
        await rpc('addpool', parts.join(','), signal);
        added++;
      }
      await rpc('switchpool', String(old.length), signal).catch(() => undefined);
      for (const id of old.toSorted((one, other) => other - one)) await rpc('removepool', String(id), signal);
      return done;
    } catch (error) {
      if (added === 0 || !(error instanceof MinerFault)) throw error;
      return { kind: 'lost', detail: `some pools were changed, then ${error.message}` };
    }
  };

  const write = async (wanted: Wanted, signal?: AbortSignal): Promise<WriteOutcome> => {
    const send = async (command: string, parameter?: string) => {
      await inSession(command, parameter, signal);
      return done;
    };
    switch (wanted.type) {
      case 'MINER_RESTART':
        return send('rebootdevice');
      case 'HASHING_DISABLE':
        return send('curtail', 'sleep');
      case 'HASHING_ENABLE':
        return send('curtail', 'wakeup');
      case 'SET_FAN':
        return send('fanset', `speed=${wanted.params.dutyPct}`);
      case 'FAN_AUTO':
        return send('fanset', 'speed=-1');
      case 'LED':
        return send('ledset', wanted.params.on ? 'red,blink' : 'red,auto');
      case 'POOL_SET':
        return setPools(wanted.params.pools, signal);
      case 'POWER_LIMIT':
      case 'POWER_MODE':
      case 'FREQUENCY_SET':
        return { kind: 'refused', detail: 'LuxOS has no such setting' };
    }
  };

  const chosen = async (order: TunedOrder, signal?: AbortSignal) => {
    const fits = (entry: Fields) =>
      order.type === 'POWER_LIMIT'
        ? (numberOf(entry.Watts) ?? Number.POSITIVE_INFINITY) <= order.params.limitW
        : Math.abs((numberOf(entry.Frequency) ?? 0) - order.params.frequencyMhz) < 0.5;
    const fitting = listOf((await said('profiles', signal)).PROFILES).filter(fits);
    const best = fitting.toSorted(
      (one, other) => (numberOf(other.Watts) ?? 0) - (numberOf(one.Watts) ?? 0),
    )[0];
    const name = textOf(best?.['Profile Name']);
    if (name === undefined) throw new MinerFault('denied', 'the miner has no profile that fits');
    return { profile: name };
  };

  const plain = plainAdapter({
    minerId,
    nowMs,
    look: (depth, _of, signal) => look(depth, signal),
    write: (wanted, _before, signal) => write(wanted, signal),
    identify: async (signal) => {
      const [answer, config] = await Promise.all([
        said('version', signal),
        orNothing(said('config', signal)),
      ]);
      const version = rowOf(answer, 'VERSION');
      const told = rowOf(config, 'CONFIG');
      const model = textOf(version.Type) ?? textOf(told.Model);
      const firmware = textOf(version.LUXminer);
      if (!model || !firmware) throw new MinerFault('unparseable', 'this is not LuxOS');
      return {
        vendor: 'luxos',
        model,
        firmware,
        apiVersion: textOf(version.API) ?? 'unknown',
        macAddress: textOf(told.MACAddr),
        serialNumber: textOf(told.SerialNumber),
        hostname: textOf(told.Hostname),
      };
    },
  });
  return tunedAdapter(plain, {
    schema: profile,
    read: async (signal) => {
      const name = textOf(rowOf(await said('config', signal), 'CONFIG').Profile);
      if (name === undefined) throw new MinerFault('unparseable', 'the answer names no profile');
      return { profile: name };
    },
    chosen: (order, _before, signal) => chosen(order, signal),
    put: async ({ profile: name }, signal) => {
      if (!isPlain(name)) return { kind: 'refused', detail: 'the name of the profile holds a comma' };
      await inSession('profileset', name, signal);
      return done;
    },
  });
};
