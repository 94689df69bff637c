import { MinerFault } from '../../io/miner-fault.ts';
import type { MinerAdapter, WriteOutcome } from '../miner-adapter.ts';
import type { MinerIo } from '../miner-io.ts';
import { type Look, plainAdapter } from '../plain-adapter.ts';
import type { Wanted } from '../put-back.ts';
import { fieldsOf, textOf } from '../values.ts';
import { boardSerials, fanOf, parseErrors, parsePools, parseValues, stateOf } from './parse-answers.ts';
import { type RestAnswer, restSession } from './rest-session.ts';

type Deps = {
  readonly minerId: string;
  readonly io: MinerIo;
  readonly password: string;
  readonly nowMs: () => number;
};

const done: WriteOutcome = { kind: 'done' };
const nothing: RestAnswer = { fields: {}, list: [] };

/**
 * A Proto Rig under Proto OS: REST over HTTP. Sources: the maker's OpenAPI document `MDK-API` and its generated client in
 * github.com/block/proto-fleet (`proto-rig-api`, `client/src/protoOS/api`), the maker's own client there (`plugin/proto`: levels
 * of telemetry joined by commas, the factory password, a 403 until that is changed), and 256foundation/asic-rs
 * `asic-rs-firmwares/proto`. Not used: pairing by key, phase balance, performance modes.
 */
export const protoAdapter = ({ minerId, io, password, nowMs }: Deps): MinerAdapter => {
  const rest = restSession(io, password);
  let serials: readonly string[] | undefined;

  const get = (path: string, signal?: AbortSignal) => rest('GET', path, undefined, signal);
  const orNothing = (answer: Promise<RestAnswer>) => answer.catch(() => nothing);
  const knownSerials = async (signal?: AbortSignal) => {
    if (!serials) {
      const answer = await get('hardware', signal).catch(() => undefined);
      if (answer) serials = boardSerials(answer.fields);
    }
    return serials ?? [];
  };

  const look = async (
    depth: 'core' | 'full',
    _of: string | undefined,
    signal?: AbortSignal,
  ): Promise<Look> => {
    const sampledAtMs = nowMs();
    const full = depth === 'full';
    const boards = await knownSerials(signal);
    const [mining, telemetry, cooling, poolList, errors] = await Promise.all([
      get('mining', signal),
      orNothing(get('telemetry?level=miner,hashboard,asic', signal)),
      orNothing(get('cooling', signal)),
      full ? orNothing(get('pools', signal)) : nothing,
      full ? get('errors', signal).catch(() => undefined) : undefined,
    ]);
    if (mining.fields['mining-status'] === undefined)
      throw new MinerFault('unparseable', 'the answer holds no mining status');
    const values = parseValues(
      { mining: mining.fields, telemetry: telemetry.fields, cooling: cooling.fields },
      boards,
    );
    const pools = parsePools(poolList.fields);
    return {
      reading: {
        minerId,
        sampledAtMs,
        state: stateOf(mining.fields, values.hashrateThs),
        ...(errors && { errorCodes: parseErrors(errors) }),
        values: { ...values, ...pools.values },
      },
      pools: pools.pools,
      fan: fanOf(cooling.fields),
    };
  };

  const write = async (wanted: Wanted, signal?: AbortSignal): Promise<WriteOutcome> => {
    const send = async (method: 'POST' | 'PUT', path: string, body?: unknown) => {
      await rest(method, path, body, signal);
      return done;
    };
    switch (wanted.type) {
      case 'MINER_RESTART':
        return send('POST', 'system/reboot');
      case 'HASHING_DISABLE':
        return send('POST', 'mining/stop');
      case 'HASHING_ENABLE':
        return send('POST', 'mining/start');
      case 'POWER_LIMIT':
        return send('PUT', 'mining/target', { power_target_watts: wanted.params.limitW });
      case 'SET_FAN':
        return send('PUT', 'cooling', { mode: 'Manual', speed_percentage: wanted.params.dutyPct });
      case 'FAN_AUTO':
        return send('PUT', 'cooling', { mode: 'Auto' });
      case 'POOL_SET':
        return send(
          'POST',
          'pools',
          wanted.params.pools.map(({ url, user, password: pass }, priority) => ({
            url,
            username: user,
            password: pass,
            priority,
          })),
        );
      case 'POWER_MODE':
      case 'FREQUENCY_SET':
      case 'LED':
        return { kind: 'refused', detail: 'Proto OS has no such setting' };
    }
  };

  return plainAdapter({
    minerId,
    nowMs,
    look,
    write: (wanted, _before, signal) => write(wanted, signal),
    identify: async (signal) => {
      const { fields } = await get('system', signal);
      const system = fieldsOf(fields['system-info']);
      const name = textOf(system.product_name) ?? textOf(system.model);
      if (!name || !/proto|rig/i.test(`${name} ${textOf(system.manufacturer) ?? ''}`))
        throw new MinerFault('unparseable', 'this is not a Proto Rig');
      serials = undefined;
      await knownSerials(signal);
      const { fields: pairing } = await orNothing(get('pairing/info', signal));
      return {
        vendor: 'proto',
        model: /^proto/i.test(name) ? name : `Proto ${name}`,
        firmware: textOf(fieldsOf(system.os).version) ?? 'unknown',
        apiVersion: textOf(fieldsOf(system.web_server).version) ?? 'unknown',
        macAddress: textOf(pairing.mac),
        serialNumber: textOf(pairing.cb_sn),
      };
    },
  });
};
