import * as z from 'zod';
import { encodeBatch } from '../../contracts/telemetry-batch.ts';
import { accountOf } from '../../local/cognito/accounts.ts';
import { bodyOf, type Operation, operations, pathOf } from '../support/api-samples.ts';
import type { Owner } from './canaries.ts';
import type { Sent } from './client.ts';
import type { Attacker } from './people.ts';
import { idsOf, type Pool, type Pools } from './pools.ts';
import { type Prng, prng } from './prng.ts';
import { type Slot, slotsOf } from './slots.ts';

export type Attempt = {
  readonly index: number;
  readonly operation: Operation;
  readonly attacker: Attacker;
  readonly sent: Sent;
  /** The places where something of somebody else is named. */
  readonly foreign: readonly Slot[];
};

const slotsById = new Map(operations.map((operation) => [operation.id, slotsOf(operation)]));
/** They end the very session that asks, so they are asked for without one. */
const endsOwnSession = new Set(['logout', 'signOutEverywhere', 'enrolSecondFactor', 'removeSecondFactor']);
const attackersIds = new Set(
  [
    'owner@demo.local',
    'operator@demo.local',
    'client@demo.local',
    'borealis@demo.local',
    'rival@other.local',
  ].map((email) => String(accountOf(email)?.userId)),
);
/** What is no gateway's name yet may become one of the asker's own, and then is found. */
const namesGateway = new Set(['registerGateway', 'createClaim']);
const isLoose = ({ where }: Slot) => where === 'header' || where === 'extra';

/** Pools that say what an attacker knows of others: everything that is not its own, under the same kind. */
const foreignPool = (pools: Pools, attacker: Attacker): Map<string, string[]> => {
  const own = ownPool(pools, attacker);
  const found = new Map<string, string[]>();
  for (const [owner, pool] of pools) {
    if (attacker.sees.includes(owner)) continue;
    for (const [kind, names] of pool) {
      const others = names.filter((name) => !own.get(kind)?.includes(name));
      found.set(kind, [...new Set([...(found.get(kind) ?? []), ...others])]);
    }
  }
  const tenants = attacker.sees.includes('R') ? ['demo'] : ['rival'];
  return new Map([...found, ['tenant_id', tenants] as const].filter(([, names]) => names.length > 0));
};

const ownPool = (pools: Pools, { sees, siteId }: Attacker): Pool => {
  const own = new Map<string, string[]>();
  for (const owner of [...sees, ...(sees.includes('A') || sees.includes('B') ? [] : [])] as Owner[])
    for (const [kind, names] of pools.get(owner) ?? []) own.set(kind, [...(own.get(kind) ?? []), ...names]);
  return new Map([
    ...own,
    ['site_id', [...new Set([String(siteId), ...(own.get('site_id') ?? [])])]] as const,
  ]);
};

const known = new WeakMap<Attacker, { own: Pool; foreign: Map<string, string[]> }>();
const poolsOf = (pools: Pools, attacker: Attacker) => {
  const found = known.get(attacker) ?? {
    own: ownPool(pools, attacker),
    foreign: foreignPool(pools, attacker),
  };
  known.set(attacker, found);
  return found;
};

/** The request that a seed and an index give: a right one of the attacker's own, with others' names in some of its places. */
export const attemptAt = (
  seed: number,
  index: number,
  attackers: readonly Attacker[],
  pools: Pools,
): Attempt => {
  const random = prng(seed, index);
  const operation = operations[index % operations.length] ?? random.pick(operations);
  const asDevice = operation.access === 'device';
  const fitting = attackers.filter(({ name }) => name.endsWith('gateway') === asDevice);
  const attacker = random.pick(fitting.length > 0 && random.chance(0.9) ? fitting : attackers);
  const { own, foreign } = poolsOf(pools, attacker);
  const usable = (slotsById.get(operation.id) ?? []).filter(({ kind }) => foreign.has(kind));
  // A part of the reads name nothing foreign: what they show is judged all the same.
  const isPlain = operation.method === 'GET' && random.chance(0.2);
  const chosen = isPlain ? [] : choose(random, usable, operation.method === 'GET');
  const sent = build(random, operation, attacker, own, (slot) => {
    if (!chosen.includes(slot)) return undefined;
    const names = foreign.get(slot.kind) ?? [];
    const others = [...foreign.values()];
    // A number may name one thing of somebody else and another of one's own.
    const isOwn = (name: string) => own.get(slot.kind)?.includes(name) ?? false;
    return () => {
      const isOfKind = namesGateway.has(operation.id) || random.chance(0.95);
      const name = random.pick(isOfKind ? names : random.pick(others));
      return isOwn(name) ? random.pick(names) : name;
    };
  });
  return { index, operation, attacker, sent, foreign: chosen };
};

/** Any of the combinations, each as likely as the other, but for headers and fields that nothing reads: those rarely, and alone only where nothing is changed. */
const choose = (random: Prng, usable: readonly Slot[], isRead: boolean): Slot[] => {
  const real = usable.filter((slot) => !isLoose(slot));
  const loose = usable.filter(isLoose);
  let chosen = real.filter(() => random.chance(0.5));
  if (chosen.length === 0 && real.length > 0) chosen = [random.pick(real)];
  if (loose.length > 0 && random.chance(0.1)) {
    const one = random.pick(loose);
    if (real.length > 0 || isRead || one.where === 'extra') chosen.push(one);
  }
  if (chosen.length === 0) {
    const extra = loose.filter(({ where }) => isRead || where === 'extra');
    if (extra.length > 0) chosen.push(random.pick(extra));
  }
  return chosen;
};

type NameFor = (slot: Slot) => (() => string) | undefined;

const build = (random: Prng, operation: Operation, attacker: Attacker, own: Pool, nameFor: NameFor): Sent => {
  const { id, method, path, body, upload } = operation;
  const slots = slotsById.get(id) ?? [];
  const ids = idsOf(own, attacker.siteId);
  const ownName = (kind: string) => {
    const names = own.get(kind) ?? [];
    // An account does not try itself out of its own rights: that would end the trial.
    if (kind === 'site_id') return String(attacker.siteId);
    return kind === 'user_id' ? names.find((name) => !attackersIds.has(name)) : names[0];
  };
  const sample = new URL(pathOf(operation, ids), 'http://local');
  const sampleParts = sample.pathname.split('/');
  const parts = path.split('/').map((part, at) => {
    const name = /^\{(\w+)\}$/.exec(part)?.[1];
    if (name === undefined) return part;
    const slot = slots.find(({ where, way }) => where === 'path' && way[0] === name);
    const foreign = slot && nameFor(slot);
    return encodeURIComponent(
      foreign?.() ?? (slot && ownName(slot.kind)) ?? decodeURIComponent(sampleParts[at] ?? ''),
    );
  });
  const query = sample.searchParams;
  for (const slot of slots) {
    const foreign = slot.where === 'query' ? nameFor(slot) : undefined;
    if (!foreign) continue;
    const names = [foreign()];
    const mine = ownName(slot.kind);
    if (random.chance(0.2)) names.push(foreign());
    if (mine !== undefined && random.chance(0.2)) names.push(mine);
    query.set(slot.way[0] ?? '', random.chance(0.7) ? (names[0] ?? '') : names.join(','));
  }
  if (id === 'pollCommands') query.set('wait_s', '0');
  const headers: Record<string, string> = endsOwnSession.has(id) ? {} : { ...attacker.headers };
  const json = body ? structuredClone(record.parse(bodyOf(id, ids) ?? {})) : undefined;
  for (const slot of slots) {
    const foreign = nameFor(slot);
    if (!foreign) continue;
    const value = () => (slot.isNumber ? Number(foreign()) : foreign());
    if (slot.where === 'header') headers[slot.way[0] ?? ''] = foreign();
    if (slot.where === 'extra' && json)
      json[slot.way[0] ?? ''] = /^\d+$/.test(foreign()) ? Number(foreign()) : foreign();
    if (slot.where === 'extra' && !json) query.set(slot.way[0] ?? '', foreign());
    if (slot.where === 'body' && json)
      put(json, slot.way, slot.many ? [value(), ...(random.chance(0.3) ? [value()] : [])] : value());
    if (slot.where === 'csv' && json) json.csv = csvWith(random, own, foreign);
  }
  const target = query.size > 0 ? `${parts.join('/')}?${query}` : parts.join('/');
  if (upload) {
    const batch = slots.find(({ where }) => where === 'batch');
    const foreign = batch && nameFor(batch);
    return {
      method,
      path: target,
      headers: { ...headers, 'content-type': 'application/octet-stream' },
      body: aBatch(Number(foreign?.() ?? attacker.siteId), ids.gatewayId, ids.minerId),
    };
  }
  if (!json) return { method, path: target, headers };
  return {
    method,
    path: target,
    headers: { ...headers, 'content-type': 'application/json' },
    body: JSON.stringify(json),
  };
};

const record = z.record(z.string(), z.unknown());

/** Sets a value within objects and lists, which are made where they are not there. */
const put = (into: Record<string, unknown>, way: readonly string[], value: unknown): void => {
  const [step = '', ...rest] = way;
  if (rest.length === 0) {
    into[step] = value;
    return;
  }
  if (rest[0] === '[]') {
    const list = z.array(z.unknown()).safeParse(into[step]);
    const entries = list.success && list.data.length > 0 ? [...list.data] : [{}];
    into[step] = entries.map((entry) => {
      const inner = record.safeParse(entry);
      if (!inner.success) return value;
      put(inner.data, rest.slice(1), value);
      return inner.data;
    });
    return;
  }
  const inner = record.safeParse(into[step]);
  const next = inner.success ? inner.data : {};
  put(next, rest, value);
  into[step] = next;
};

const csvWith = (random: Prng, own: Pool, foreign: () => string) => {
  const of = (kind: string) => (random.chance(0.5) ? foreign() : (own.get(kind)?.[0] ?? 'none'));
  const header = 'miner_id,vendor,model,zone_id,gateway_id,customer_id,rated_hashrate_ths,rated_power_w';
  const row = [
    `mi-${random.below(1e6)}`,
    'antminer',
    'S21',
    foreign(),
    of('gateway_id'),
    of('customer_id'),
    200,
    3_500,
  ];
  return `${header}\n${row.join(',')}\n`;
};

const aBatch = (siteId: number, gatewayId: string, minerId: string) => {
  const nowMs = Date.now();
  return encodeBatch({
    siteId,
    gatewayId,
    shard: 0,
    sequence: 1,
    createdAtMs: nowMs,
    readings: [{ minerId, sampledAtMs: nowMs, state: 'hashing', values: { hashrateThs: 666 } }],
  });
};
