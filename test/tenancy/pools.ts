import * as z from 'zod';
import { type Ids, type Operation, operations, pathOf } from '../support/api-samples.ts';
import { canariesIn, type Owner } from './canaries.ts';
import type { HttpClient } from './client.ts';
import type { Attacker } from './people.ts';
import type { World } from './world.ts';

/** Names of things by what names them: `miner_id`, `rule_id`, `cursor`. */
export type Pool = ReadonlyMap<string, readonly string[]>;
export type Pools = ReadonlyMap<Owner, Pool>;

/** How a field is called where it stands alone. */
export const kindOf = (field: string): string => {
  const snake = field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  const single = snake.replace(/_ids$/, '_id').replace(/^(?:target|miner)_id$/, 'miner_id');
  switch (single) {
    case 'of_command_id':
      return 'command_id';
    case 'key':
      return 'group_key';
    case 'next_cursor':
      return 'cursor';
    case 'trigger_id':
    case 'related_alert_id':
    case 'parent_alert_id':
      return 'alert_id';
    default:
      return single;
  }
};

const isName = (field: string) => /(^|_)ids?$|Ids?$|cursor$/.test(field);
/** The thing in a list that is called by it: an `id` in `rules` is a `rule_id`. */
const singular = (list: string) => list.replace(/ies$/, 'y').replace(/s$/, '');

/** A cursor fits the list alone that gave it. */
export const cursorOf = (operationId: string) => `cursor of ${operationId}`;

const gather = (value: unknown, within: string, into: Map<string, Set<string>>, operationId: string) => {
  const add = (kind: string, name: unknown) => {
    if (typeof name !== 'string' && typeof name !== 'number') return;
    if (canariesIn(String(name)).size > 0 && kind !== 'cursor') return;
    const called = kind === 'cursor' ? cursorOf(operationId) : kind;
    const known = into.get(called) ?? new Set<string>();
    into.set(called, known.add(String(name)));
  };
  if (Array.isArray(value)) {
    for (const one of value) gather(one, within, into, operationId);
    return;
  }
  const fields = z.record(z.string(), z.unknown()).safeParse(value);
  if (!fields.success) return;
  for (const [field, inner] of Object.entries(fields.data)) {
    const list = Array.isArray(inner) ? inner : [inner];
    if (field === 'id') add(`${singular(within)}_id`, inner);
    else if (isName(field)) for (const one of list) add(kindOf(field), one);
    gather(inner, field, into, operationId);
  }
};

/** Ids of one's own, for requests that would be right. */
export const idsOf = (pool: Pool, siteId: number): Ids => {
  const first = (kind: string, otherwise: string) => pool.get(kind)?.[0] ?? otherwise;
  return {
    siteId,
    minerId: first('miner_id', 'm-none'),
    gatewayId: first('gateway_id', 'gw-none'),
    recommendationId: first('recommendation_id', '00000000-0000-4000-8000-000000000000'),
    alertId: first('alert_id', 'al-none'),
    commandId: first('command_id', 'cmd-none'),
    ruleId: Number(first('rule_id', '999999')),
  };
};

const reads = operations.filter(
  ({ method, access }) => method === 'GET' && access !== 'public' && access !== 'device',
);
const isPaged = ({ query }: Operation) => query !== undefined && slotsOfQuery(query).includes('cursor');
const slotsOfQuery = (query: z.ZodType) =>
  Object.keys(
    z
      .looseObject({ properties: z.record(z.string(), z.unknown()).default({}) })
      .parse(z.toJSONSchema(query, { io: 'input', unrepresentable: 'any' })).properties,
  );
/** What hangs below something whose name has to be known first. */
const isBelow = ({ path }: Operation) => /\{(?!site_id)/.test(path);

const readAll = async (client: HttpClient, as: Attacker, pool: Map<string, Set<string>>) => {
  const plain = (): Pool => new Map([...pool].map(([kind, names]) => [kind, [...names]]));
  const read = async (one: Operation, query: Record<string, string> = {}) => {
    const { text } = await client.send({
      method: 'GET',
      path: pathOf(one, idsOf(plain(), as.siteId), query),
      headers: as.headers,
    });
    try {
      gather(JSON.parse(text), '', pool, one.id);
    } catch {
      // A file is no list of names.
    }
  };
  const first = reads.filter((one) => !isBelow(one));
  await Promise.all(first.map((one) => read(one, isPaged(one) ? { limit: '1' } : {})));
  await Promise.all(first.filter(isPaged).map((one) => read(one)));
  await Promise.all(reads.filter(isBelow).map((one) => read(one)));
};

/** What each owner's own eyes see, by kind; what others have named as theirs before is left to them. */
export const collectPools = async ({ client, viewers, sites }: World): Promise<Pools> => {
  const pools = new Map<Owner, Pool>();
  for (const { owner, as, less } of viewers) {
    const seen = new Map<string, Set<string>>();
    await readAll(client, as, seen);
    const others = (kind: string) => less.flatMap((other) => pools.get(other)?.get(kind) ?? []);
    const own = [...seen].map(([kind, names]): [string, string[]] => [
      kind,
      [...names].filter((name) => !others(kind).includes(name)),
    ]);
    const pool = new Map(own.filter(([, names]) => names.length > 0));
    pool.set('group_key', [...(pool.get('zone_id') ?? []), ...(pool.get('customer_id') ?? [])]);
    pools.set(owner, pool);
  }
  const withSites = (owner: Owner, siteId: number) =>
    new Map(pools.get(owner) ?? []).set('site_id', [String(siteId)]);
  for (const owner of ['O', 'A', 'B'] as const) pools.set(owner, withSites(owner, sites.demo));
  pools.set('T', withSites('T', sites.second));
  pools.set('R', withSites('R', sites.rival));
  return pools;
};
