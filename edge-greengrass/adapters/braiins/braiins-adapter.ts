import { parseLooseJson } from '../../io/loose-json.ts';
import { MinerFault } from '../../io/miner-fault.ts';
import type { MinerAdapter } from '../miner-adapter.ts';
import type { MinerIo } from '../miner-io.ts';
import { plainAdapter } from '../plain-adapter.ts';
import { tunedAdapter } from '../tuned-adapter.ts';
import { fieldsOf, numberOf } from '../values.ts';
import { withoutEffect } from '../write-outcome.ts';
import { type Dialect, tuningOf } from './dialect.ts';
import { graphqlDialect } from './graphql-dialect.ts';
import { restDialect } from './rest-dialect.ts';

type Deps = {
  readonly minerId: string;
  readonly io: MinerIo;
  readonly username: string;
  readonly password: string;
  readonly nowMs: () => number;
};

const isRest = (body: string) => {
  try {
    return numberOf(fieldsOf(parseLooseJson(body)).major) !== undefined;
  } catch {
    return false;
  }
};

/**
 * Braiins OS, old and new: whichever has the REST API is asked by it, which tells its version to anybody; all others by GraphQL.
 * What a miner speaks is asked once, and again when it is to identify itself, since an upgrade changes it.
 */
export const braiinsAdapter = (deps: Deps): MinerAdapter => {
  const { io } = deps;
  const rest = restDialect(deps);
  const graphql = graphqlDialect(deps);
  let known: Dialect | undefined;

  const dialect = async (signal?: AbortSignal): Promise<Dialect> => {
    if (known) return known;
    const { status, body } = await withoutEffect(io.web({ method: 'GET', path: '/api/v1/version/' }, signal));
    if (status >= 500) throw new MinerFault('denied', `the miner answers ${status}`);
    known = status === 200 && isRest(body) ? rest : graphql;
    return known;
  };

  const plain = plainAdapter({
    minerId: deps.minerId,
    nowMs: deps.nowMs,
    identify: async (signal) => {
      known = undefined;
      return { vendor: 'braiins', ...(await (await dialect(signal)).identify(signal)) };
    },
    look: async (depth, _of, signal) => (await dialect(signal)).look(depth, signal),
    write: async (wanted, _before, signal) => (await dialect(signal)).write(wanted, signal),
  });
  return tunedAdapter(plain, tuningOf(dialect));
};
