import type { Pool } from '../../../contracts/command.ts';
import type { HttpAnswer } from '../../io/http-exchange.ts';
import { parseLooseJson } from '../../io/loose-json.ts';
import { MinerFault } from '../../io/miner-fault.ts';
import type { WriteOutcome } from '../miner-adapter.ts';
import type { MinerIo } from '../miner-io.ts';
import { given, tokenSession } from '../token-session.ts';
import { type Fields, fieldsOf, listOf, numberOf, textOf } from '../values.ts';
import { withoutEffect } from '../write-outcome.ts';
import { type Dialect, done, noSuchSetting } from './dialect.ts';
import {
  graphqlFan,
  graphqlState,
  graphqlTarget,
  parseGraphqlPools,
  parseGraphqlValues,
} from './graphql-answers.ts';
import * as queries from './graphql-queries.ts';
import { luciMac } from './luci-mac.ts';

type Deps = {
  readonly minerId: string;
  readonly io: MinerIo;
  readonly username: string;
  readonly password: string;
  readonly nowMs: () => number;
};

const errorsOf = (answer: Fields) => listOf(answer.errors).map((error) => textOf(error.message) ?? '');
const isStranger = ({ status, body }: HttpAnswer) =>
  status === 401 ||
  status === 403 ||
  (/"errors"/.test(body) && /unauthori[sz]ed|not logged in|unauthenticated/i.test(body));

/** Mutations answer with one of several types; those that tell of a failure end in `Error`. */
const failureIn = (value: unknown): string | undefined => {
  if (Array.isArray(value)) return value.map(failureIn).find((found) => found !== undefined);
  if (typeof value !== 'object' || value === null) return undefined;
  const fields = fieldsOf(value);
  const type = textOf(fields.__typename);
  if (type?.endsWith('Error')) return type;
  return failureIn(Object.values(fields));
};

/**
 * The GraphQL interface behind the web pages of older Braiins OS (21 to 25.05). Sources: the recorded answers, 256foundation/asic-rs
 * (braiins `v21_09` to `v25_05`) and a client of the S9's 22.08.1 that names every mutation's types. Reading needs no login there;
 * what says otherwise gets one, with the cookie that a login sets.
 */
export const graphqlDialect = ({ minerId, io, username, password, nowMs }: Deps): Dialect => {
  const post = (query: string, variables: Fields) =>
    ({ method: 'POST', path: '/graphql', body: JSON.stringify({ query, variables }) }) as const;
  const logIn = async () => {
    const answer = await io.web(post(queries.login, { username, password }));
    const said = fieldsOf(parseLooseJson(answer.body));
    const cookie = answer.header('set-cookie')?.split(';')[0]?.replace(/\s/g, '');
    if (errorsOf(said).length > 0 || failureIn(said.data))
      throw new MinerFault('denied', 'the miner refuses the configured login');
    return { cookie: given(cookie) };
  };
  const session = tokenSession(io, logIn, { isStranger, first: {} });

  const ask = async (query: string, variables: Fields = {}, signal?: AbortSignal) => {
    const answer = await session(post(query, variables), signal);
    if (answer.status !== 200) throw new MinerFault('denied', `the miner answers ${answer.status}`);
    const said = fieldsOf(parseLooseJson(answer.body));
    const failure = errorsOf(said)[0] ?? failureIn(said.data);
    if (failure !== undefined) throw new MinerFault('denied', `the miner answers ${failure.slice(0, 120)}`);
    return fieldsOf(said.data);
  };
  const orNothing = (answer: Promise<Fields>): Promise<Fields> => answer.catch(() => ({}));
  const change = async (
    query: string,
    variables: Fields = {},
    signal?: AbortSignal,
  ): Promise<WriteOutcome> => {
    await ask(query, variables, signal);
    return done;
  };
  /** New groups hold from the next start on; a machine that stands is not started for them. */
  const setPools = async (pools: readonly Pool[], signal?: AbortSignal) => {
    const system = await withoutEffect(ask(queries.reading, {}, signal));
    const groups = [
      {
        name: 'HashInsight',
        quota: 1,
        pools: pools.map(({ url, user, password: pass }) => ({ url, user, password: pass })),
      },
    ];
    await ask(queries.updateGroups, { groups }, signal);
    return graphqlState(system, undefined) === 'stopped' ? done : change(queries.restart, {}, signal);
  };
  const config = (signal?: AbortSignal) => ask(queries.config, {}, signal);

  return {
    identify: async (signal) => {
      const data = await ask(queries.identity, {}, signal);
      const bos = fieldsOf(data.bos);
      const model = textOf(fieldsOf(fieldsOf(data.bosminer).info).modelName);
      if (!model) throw new MinerFault('unparseable', 'the answer names no model');
      const macAddress = await luciMac(io, { username, password }, signal).catch(() => undefined);
      return {
        model,
        firmware: textOf(fieldsOf(fieldsOf(bos.info).version).full) ?? 'unknown',
        apiVersion: 'GraphQL',
        hostname: textOf(bos.hostname),
        macAddress,
      };
    },
    look: async (depth, signal) => {
      const sampledAtMs = nowMs();
      const full = depth === 'full';
      const [system, poolList, settings] = await Promise.all([
        ask(queries.reading, {}, signal),
        full ? orNothing(ask(queries.pools, {}, signal)) : {},
        full ? orNothing(config(signal)) : {},
      ]);
      if (fieldsOf(system.bosminer).info === undefined)
        throw new MinerFault('unparseable', 'the answer holds no readings');
      const values = parseGraphqlValues(system, system);
      const pools = parseGraphqlPools(poolList);
      const light = fieldsOf(system.bos).faultLight;
      return {
        reading: {
          minerId,
          sampledAtMs,
          state: graphqlState(system, values.hashrateThs),
          values: { ...values, ...pools?.values },
        },
        pools: pools?.pools ?? [],
        led: typeof light === 'boolean' ? light : undefined,
        fan: graphqlFan(settings),
      };
    },
    target: async (signal) => graphqlTarget(await config(signal)),
    aim: ({ watts, hashrateThs }, signal) => {
      const input =
        watts === undefined
          ? { mode: 'HASHRATE_TARGET', hashrateTarget: hashrateThs }
          : { mode: 'POWER_TARGET', powerTarget: watts };
      return change(queries.updateAutotuning, { input }, signal);
    },
    write: async (wanted, signal) => {
      switch (wanted.type) {
        case 'MINER_RESTART':
          return change(queries.reboot, {}, signal);
        case 'HASHING_DISABLE':
          return change(queries.stop, {}, signal);
        case 'HASHING_ENABLE':
          return change(queries.start, {}, signal);
        case 'SET_FAN':
          return change(
            queries.updateTempAndFans,
            { input: { mode: 'MANUAL', speed: wanted.params.dutyPct } },
            signal,
          );
        case 'FAN_AUTO': {
          const { tempControl } = fieldsOf(fieldsOf((await withoutEffect(config(signal))).bosminer).config);
          const targetTemp = numberOf(fieldsOf(tempControl).targetTemp);
          return change(
            queries.updateTempAndFans,
            { input: { mode: 'AUTO', ...(targetTemp !== undefined && { targetTemp }) } },
            signal,
          );
        }
        case 'LED':
          return change(queries.setFaultLight, { enable: wanted.params.on }, signal);
        case 'POOL_SET':
          return setPools(wanted.params.pools, signal);
        case 'POWER_LIMIT':
        case 'POWER_MODE':
        case 'FREQUENCY_SET':
          return noSuchSetting;
      }
    },
  };
};
