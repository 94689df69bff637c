import { PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { Principal } from '../../contracts/access.ts';
import type { ZoneBinding } from '../../contracts/gateway-keys.ts';
import type { Route } from '../../contracts/route.ts';
import { startTables } from '../../test/support/tables.ts';
import type { RouteInput } from '../shared/api-handler.ts';
import type { Result } from '../shared/result.ts';
import { customerRoutes, minerRoutes, siteRoutes } from './api.ts';
import { customerHandlers } from './bind-customers.ts';
import { minerHandlers } from './bind-miners.ts';
import { siteHandlers } from './bind-sites.ts';
import { readSite } from './fleet-directory.ts';
import { fleetKeys, minersByGateway } from './fleet-keys.ts';
import { atSiteOf } from './reach.ts';

export const startMs = Date.parse('2026-01-27T10:30:00.000Z');
export const owner: Principal = { userId: 1, name: 'A', tenantId: 'demo', role: 'owner', siteIds: 'all' };

const routes = { ...siteRoutes, ...minerRoutes, ...customerRoutes };
type Routes = typeof routes;
type Sent = { readonly params?: object; readonly query?: object; readonly body?: object };

/** The fleet's API over real tables, without HTTP: input is parsed by the routes' own schemas. The clock stands still. */
export const startFleet = async () => {
  const tables = await startTables([
    { name: 'audit' },
    { name: 'fleet', indexes: [{ name: minersByGateway, pk: 'gateway_pk', sk: 'sk' }] },
  ]);
  const time = { nowMs: startMs };
  const clock = { nowMs: () => time.nowMs };
  const store = {
    db: tables.db,
    auditTable: tables.nameOf('audit'),
    fleetTable: tables.nameOf('fleet'),
    clock,
  };
  const deps = { store, atSite: atSiteOf(readSite(store), clock), clock };
  const handlers = { ...siteHandlers(deps), ...minerHandlers(deps), ...customerHandlers(deps) };

  const call = async <K extends keyof Routes>(
    id: K,
    { params, query, body }: Sent,
    who: Principal = owner,
  ): Promise<Result<{ readonly body: object }>> => {
    const route: Route = routes[id];
    const input = {
      who,
      params: route.params?.parse(textOf(params)),
      query: route.query?.parse(query ?? {}),
      body: route.body?.parse(body ?? {}),
      bytes: new Uint8Array(),
      cookies: [],
      rawQuery: '',
      origin: '',
      requestId: 'r',
      language: 'en',
    } as never as RouteInput<Routes[K]>;
    const handler = handlers[id] as (input: RouteInput<Routes[K]>) => Promise<Result<{ body: object }>>;
    const result = await handler(input);
    if (result.ok) route.success.body?.parse(result.value.body);
    return result;
  };
  /** What a call answers; throws where it is refused. */
  const ask = async <K extends keyof Routes>(id: K, sent: Sent, who?: Principal) => {
    const result = await call(id, sent, who);
    if (!result.ok) throw new Error(`${id}: ${result.failure.message}`);
    const schema: Route['success'] = routes[id].success;
    return schema.body?.parse(result.value.body) as never as Answer<K>;
  };
  const refusal = async <K extends keyof Routes>(id: K, sent: Sent, who?: Principal) => {
    const result = await call(id, sent, who);
    return result.ok ? 'was accepted' : `${result.failure.code}: ${result.failure.message}`;
  };

  /** A site with two zones, two gateways and two customers. */
  const aSite = async (who: Principal = owner) => {
    const { site } = await ask('createSite', { body: { name: 'North', capacity_kw: 20_000 } }, who);
    const params = { site_id: site.site_id };
    for (const zone_id of ['z1', 'z2'])
      await ask(
        'createZone',
        { params, body: { zone_id, name: zone_id, zone_type: 'container', capacity_kw: 900 } },
        who,
      );
    for (const customer_id of ['acme', 'birch'])
      await ask('createCustomer', { params, body: { customer_id, name: customer_id } }, who);
    for (const gatewayId of [`gw-${site.site_id}-1`, `gw-${site.site_id}-2`])
      await store.db.send(
        new PutCommand({
          TableName: store.fleetTable,
          Item: { ...fleetKeys.gateway(site.site_id, gatewayId), gateway_id: gatewayId, status: 'active' },
        }),
      );
    return params;
  };
  const bind = (siteId: number, gatewayId: string, zone_ids: ZoneBinding) =>
    store.db.send(
      new UpdateCommand({
        TableName: store.fleetTable,
        Key: fleetKeys.gateway(siteId, gatewayId),
        UpdateExpression: 'SET zone_ids = :zones',
        ExpressionAttributeValues: { ':zones': zone_ids },
      }),
    );
  const aMiner = (miner_id: string, site: { site_id: number }, rest: object = {}) => ({
    miner_id,
    vendor: 'antminer',
    model: 'Antminer S21',
    zone_id: 'z1',
    gateway_id: `gw-${site.site_id}-1`,
    rated_hashrate_ths: 200,
    rated_power_w: 3_500,
    ...rest,
  });
  return { tables, store, time, call, ask, refusal, aSite, bind, aMiner };
};

type Answer<K extends keyof Routes> = Routes[K]['success'] extends { body: { _output: infer B } } ? B : never;

const textOf = (params: object | undefined) =>
  params && Object.fromEntries(Object.entries(params).map(([name, value]) => [name, String(value)]));
