import { parseLooseJson } from '../../io/loose-json.ts';
import { MinerFault } from '../../io/miner-fault.ts';
import type { MinerAdapter, WriteOutcome } from '../miner-adapter.ts';
import type { MinerIo } from '../miner-io.ts';
import { type Look, plainAdapter } from '../plain-adapter.ts';
import type { Wanted } from '../put-back.ts';
import { given, tokenSession } from '../token-session.ts';
import { tunedAdapter } from '../tuned-adapter.ts';
import { type Fields, fieldsOf, listOf, numberOf, textOf } from '../values.ts';
import { withoutEffect } from '../write-outcome.ts';
import { errorCodesOf } from './error-codes.ts';
import { chosenOverclock, heldOverclock, overclock, overclockWith } from './overclock.ts';
import { configuredPools, coolingMode, fanOf, parsePools, parseValues, stateOf } from './parse-answers.ts';
import { rebootIsSeen } from './reboot-seen.ts';

type Deps = {
  readonly minerId: string;
  readonly io: MinerIo;
  readonly password: string;
  readonly nowMs: () => number;
};

const done: WriteOutcome = { kind: 'done' };
const nothing: Fields = {};

/**
 * VNish (AnthillOS) on Antminers: REST under `/api/v1`, with a token that `unlock` gives for the password. Sources: the maker's API
 * document that the firmware serves (`/docs`), 256foundation/asic-rs `vnish` v1.2.0, and answers that owners published. Limits are presets,
 * each named by its watts; settings that need it are followed by a restart of the mining.
 */
export const vnishAdapter = ({ minerId, io, password, nowMs }: Deps): MinerAdapter => {
  const session = tokenSession(io, async () => {
    const path = '/api/v1/unlock';
    const answer = await io.web({ method: 'POST', path, body: JSON.stringify({ pw: password }) });
    const said = answer.status === 200 ? fieldsOf(parseLooseJson(answer.body)) : {};
    return { authorization: `Bearer ${given(textOf(said.token))}` };
  });
  const ask = async (method: 'GET' | 'POST', path: string, body?: unknown, signal?: AbortSignal) => {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const answer = await session({ method, path: `/api/v1/${path}`, body: text }, signal);
    if (answer.status < 200 || answer.status > 299)
      throw new MinerFault('denied', `the miner answers ${answer.status}`);
    return answer.body.trim() === '' ? {} : parseLooseJson(answer.body);
  };
  const get = async (path: string, signal?: AbortSignal) =>
    fieldsOf(await ask('GET', path, undefined, signal));
  /** Who it is, which needs no token. */
  const info = async (signal?: AbortSignal): Promise<Fields> => {
    const { status, body } = await io.web({ method: 'GET', path: '/api/v1/info' }, signal);
    if (status !== 200) throw new MinerFault('denied', `the miner answers ${status}`);
    return fieldsOf(parseLooseJson(body));
  };
  const orNothing = (answer: Promise<Fields>): Promise<Fields> => answer.catch(() => ({}));
  const post = async (path: string, body?: unknown, signal?: AbortSignal): Promise<WriteOutcome> => {
    await ask('POST', path, body, signal);
    return done;
  };

  /** What the firmware last steered its fans by, for when it is to do so again. */
  let ownSteering: Fields = { name: 'auto' };

  const look = async (depth: 'core' | 'full', signal?: AbortSignal): Promise<Look> => {
    const sampledAtMs = nowMs();
    const [about, status, summary, settings] = await Promise.all([
      get('info', signal),
      get('status', signal),
      get('summary', signal),
      depth === 'full' ? orNothing(get('settings', signal)) : nothing,
    ]);
    if (status.miner_state === undefined) throw new MinerFault('unparseable', 'the answer holds no state');
    const values = parseValues(about, summary);
    const pools = parsePools(summary);
    const page = fanOf(settings) === undefined ? summary : settings;
    if (fanOf(page) === 'auto') ownSteering = coolingMode(page);
    const preset = numberOf(fieldsOf(fieldsOf(settings.miner).overclock).preset);
    return {
      reading: {
        minerId,
        sampledAtMs,
        state: stateOf(status, values.hashrateThs),
        errorCodes: errorCodesOf(status, summary),
        values: { ...values, ...pools?.values, ...(preset !== undefined && { powerLimitW: preset }) },
      },
      pools: configuredPools(settings) ?? pools?.pools ?? [],
      led: typeof status.find_miner === 'boolean' ? status.find_miner : undefined,
      fan: fanOf(page),
    };
  };

  /** Settings, and where they need it the mining's restart; a machine that stands is not started for them. */
  const change = async (miner: Fields, signal?: AbortSignal): Promise<WriteOutcome> => {
    const status = await withoutEffect(get('status', signal));
    const said = fieldsOf(await ask('POST', 'settings', { miner }, signal));
    const restart = said.restart_required === true || said.reboot_required === true;
    if (!restart || stateOf(status, undefined) === 'stopped') return done;
    return post(said.reboot_required === true ? 'system/reboot' : 'mining/restart', undefined, signal);
  };

  const write = async (wanted: Wanted, signal?: AbortSignal): Promise<WriteOutcome> => {
    switch (wanted.type) {
      case 'MINER_RESTART':
        return post('system/reboot', undefined, signal);
      case 'HASHING_DISABLE':
        return post('mining/stop', undefined, signal);
      case 'HASHING_ENABLE':
        return post('mining/start', undefined, signal);
      case 'LED': {
        const { on } = wanted.params;
        const status = await withoutEffect(get('status', signal));
        return status.find_miner === on ? done : post('find-miner', { on }, signal);
      }
      case 'SET_FAN':
        return change({ cooling: { mode: { name: 'manual', param: wanted.params.dutyPct } } }, signal);
      case 'FAN_AUTO':
        return change({ cooling: { mode: ownSteering } }, signal);
      case 'POOL_SET':
        return change(
          {
            pools: wanted.params.pools.map(({ url, user, password: pass }, order) => ({
              url,
              user,
              pass,
              order,
            })),
          },
          signal,
        );
      case 'POWER_LIMIT':
      case 'POWER_MODE':
      case 'FREQUENCY_SET':
        return { kind: 'refused', detail: 'VNish has no such setting' };
    }
  };

  const settings = (signal?: AbortSignal) => get('settings', signal);
  const plain = plainAdapter({
    minerId,
    nowMs,
    look: (depth, _of, signal) => look(depth, signal),
    write: (wanted, _before, signal) => write(wanted, signal),
    identify: async (signal) => {
      const about = await info(signal);
      const model = textOf(about.miner) ?? textOf(about.model);
      const firmware = textOf(about.fw_version);
      if (!model || !firmware) throw new MinerFault('unparseable', 'this is not VNish');
      const network = fieldsOf(fieldsOf(about.system).network_status);
      const serial = textOf(about.serial);
      return {
        vendor: 'vnish',
        model,
        firmware: `${textOf(about.fw_name) ?? 'Vnish'} ${firmware}`,
        apiVersion: 'v1',
        macAddress: textOf(network.mac),
        hostname: textOf(network.hostname),
        serialNumber: serial === 'N/A' ? undefined : serial,
      };
    },
  });
  const tuned = tunedAdapter(plain, {
    schema: overclock,
    read: async (signal) => heldOverclock(await settings(signal)),
    chosen: async (order, _before, signal) =>
      chosenOverclock(
        order,
        await settings(signal),
        listOf(await ask('GET', 'autotune/presets', undefined, signal)),
      ),
    put: async (wanted, signal) =>
      change({ overclock: overclockWith(await withoutEffect(settings(signal)), wanted) }, signal),
  });
  return { ...tuned, readBack: rebootIsSeen(tuned) };
};
