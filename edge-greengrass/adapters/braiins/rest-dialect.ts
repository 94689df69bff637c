import { parseLooseJson } from '../../io/loose-json.ts';
import { MinerFault } from '../../io/miner-fault.ts';
import type { WriteOutcome } from '../miner-adapter.ts';
import type { MinerIo } from '../miner-io.ts';
import { given, tokenSession } from '../token-session.ts';
import { type Fields, fieldsOf, listOf, numberOf, textOf } from '../values.ts';
import { withoutEffect } from '../write-outcome.ts';
import { type Dialect, done, noSuchSetting } from './dialect.ts';
import {
  fanDutyPct,
  parseRestErrors,
  parseRestPools,
  parseRestValues,
  restFan,
  restState,
  restTarget,
} from './rest-answers.ts';

type Deps = {
  readonly minerId: string;
  readonly io: MinerIo;
  readonly username: string;
  readonly password: string;
  readonly nowMs: () => number;
};
type Page = { readonly fields: Fields; readonly list: readonly Fields[]; readonly json: unknown };
const nothing: Page = { fields: {}, list: [], json: undefined };

const pageOf = (body: string): Page => {
  const text = body.trim();
  if (text === '' || text === 'true' || text === 'false')
    return { fields: {}, list: [], json: text === 'true' };
  const json = parseLooseJson(text);
  return { fields: fieldsOf(json), list: listOf(json), json };
};

/**
 * The REST API of newer Braiins OS. Source: its OpenAPI document at developer.braiins-os.com (collected in
 * github.com/api-evangelist/braiins-academy), the protos it is made of (github.com/braiins/bos-plus-api), and how
 * 256foundation/asic-rs reads 25.07 to 26.04. The token is sent bare; each request renews it.
 */
export const restDialect = ({ minerId, io, username, password, nowMs }: Deps): Dialect => {
  const session = tokenSession(io, async () => {
    const path = '/api/v1/auth/login';
    const answer = await io.web({ method: 'POST', path, body: JSON.stringify({ username, password }) });
    const page = answer.status === 200 ? fieldsOf(parseLooseJson(answer.body)) : {};
    return { authorization: given(textOf(page.token)) };
  });
  const ask = async (method: 'GET' | 'PUT', path: string, body?: unknown, signal?: AbortSignal) => {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const answer = await session({ method, path: `/api/v1/${path}`, body: text }, signal);
    if (answer.status < 200 || answer.status > 299)
      throw new MinerFault('denied', `the miner answers ${answer.status}`);
    return answer.body;
  };
  const get = async (path: string, signal?: AbortSignal) => pageOf(await ask('GET', path, undefined, signal));
  const orNothing = (page: Promise<Page>) => page.catch(() => nothing);
  const put = async (path: string, body?: unknown, signal?: AbortSignal): Promise<WriteOutcome> => {
    await ask('PUT', path, body, signal);
    return done;
  };
  /** The temperatures that the firmware steers its fans by, as far as it tells them. */
  const ownSteering = async (signal?: AbortSignal) => {
    const { fields } = await withoutEffect(get('configuration/miner', signal));
    const { auto, target_temperature } = fieldsOf(fields.cooling ?? fields.temperature);
    return { ...(target_temperature !== undefined && { target_temperature }), ...fieldsOf(auto) };
  };

  return {
    identify: async (signal) => {
      const [{ fields }, version] = await Promise.all([
        get('miner/details', signal),
        orNothing(get('version/', signal)),
      ]);
      const identity = fieldsOf(fields.miner_identity);
      const model = textOf(identity.miner_model) ?? textOf(identity.name);
      const { major, minor, patch } = version.fields;
      if (!model) throw new MinerFault('unparseable', 'the answer names no model');
      return {
        model,
        firmware: textOf(fieldsOf(fields.bos_version).current) ?? 'unknown',
        apiVersion: `REST ${numberOf(major) ?? 1}.${numberOf(minor) ?? 0}.${numberOf(patch) ?? 0}`,
        macAddress: textOf(fields.mac_address),
        serialNumber: textOf(fields.serial_number),
        hostname: textOf(fields.hostname),
      };
    },
    look: async (depth, signal) => {
      const sampledAtMs = nowMs();
      const full = depth === 'full';
      const [details, stats, boards, cooling, configuration, groups, errors, light] = await Promise.all([
        get('miner/details', signal),
        get('miner/stats', signal),
        orNothing(get('miner/hw/hashboards', signal)),
        orNothing(get('cooling/state', signal)),
        full ? orNothing(get('configuration/miner', signal)) : nothing,
        full ? get('pools/', signal).catch(() => undefined) : undefined,
        full ? get('miner/errors', signal).catch(() => undefined) : undefined,
        full ? orNothing(get('actions/locate', signal)) : nothing,
      ]);
      if (details.fields.status === undefined)
        throw new MinerFault('unparseable', 'the answer holds no status');
      const values = parseRestValues({
        details: details.fields,
        stats: stats.fields,
        boards: boards.fields,
        cooling: cooling.fields,
        configuration: configuration.fields,
      });
      const pools = groups && parseRestPools(groups.list);
      return {
        reading: {
          minerId,
          sampledAtMs,
          state: restState(details.fields, values.hashrateThs),
          ...(errors && { errorCodes: parseRestErrors(errors.fields, sampledAtMs) }),
          values: { ...values, ...pools?.values },
        },
        pools: pools?.pools ?? [],
        led: typeof light.json === 'boolean' ? light.json : undefined,
        fan: restFan(configuration.fields, fanDutyPct(cooling.fields)),
      };
    },
    target: async (signal) => restTarget((await get('configuration/miner', signal)).fields),
    aim: ({ watts, hashrateThs }, signal) =>
      watts === undefined
        ? put('performance/hashrate-target', { terahash_per_second: hashrateThs }, signal)
        : put('performance/power-target', { watt: watts }, signal),
    write: async (wanted, signal) => {
      switch (wanted.type) {
        case 'MINER_RESTART':
          return put('actions/reboot', undefined, signal);
        case 'HASHING_DISABLE':
          return put('actions/pause', undefined, signal);
        case 'HASHING_ENABLE': {
          const { fields } = await withoutEffect(get('miner/details', signal));
          return put(numberOf(fields.status) === 1 ? 'actions/start' : 'actions/resume', undefined, signal);
        }
        case 'SET_FAN':
          return put('cooling/mode', { manual: { fan_speed_ratio: wanted.params.dutyPct / 100 } }, signal);
        case 'FAN_AUTO':
          return put('cooling/mode', { auto: await ownSteering(signal) }, signal);
        case 'LED':
          return put('actions/locate', wanted.params.on, signal);
        case 'POOL_SET':
          return put(
            'pools/batch',
            [
              {
                name: 'HashInsight',
                load_balance_strategy: { quota: { value: 1 } },
                pools: wanted.params.pools.map(({ url, user, password: pass }) => ({
                  url,
                  user,
                  password: pass,
                  enabled: true,
                })),
              },
            ],
            signal,
          );
        case 'POWER_LIMIT':
        case 'POWER_MODE':
        case 'FREQUENCY_SET':
          return noSuchSetting;
      }
    },
  };
};
