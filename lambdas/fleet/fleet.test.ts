import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Principal } from '../../contracts/access.ts';
import { pageQuery } from '../../contracts/api-fleet.ts';
import { startTables } from '../../test/support/tables.ts';
import { verifyChain } from '../audit/audit-chain.ts';
import { listLinks, readHead } from '../audit/audit-repository.ts';
import { readMiners, readMinersOfGateway, readSite } from './fleet-directory.ts';
import { minersByGateway } from './fleet-keys.ts';
import * as fleet from './fleet-repository.ts';
import { reachSite, registerMiners } from './manage-fleet.ts';
import { registerGateway } from './register-gateway.ts';

let tables: Awaited<ReturnType<typeof startTables<'audit' | 'fleet'>>>;
let store: fleet.FleetWriter;
const by = { actor_type: 'user', actor_id: '1' } as const;
const now = '2026-01-27T10:30:00.000Z';
const newSite = { name: 'North', capacity_kw: 20_000, time_zone: 'America/Chicago' };

beforeAll(async () => {
  tables = await startTables([
    { name: 'audit' },
    { name: 'fleet', indexes: [{ name: minersByGateway, pk: 'gateway_pk', sk: 'sk' }] },
  ]);
  store = { db: tables.db, auditTable: tables.nameOf('audit'), fleetTable: tables.nameOf('fleet') };
});
afterAll(() => tables.close());

const aSite = async (tenantId = 'demo') => {
  const site = await fleet.insertSite(store)(tenantId, by, newSite, now);
  return { site, owner: { tenantId, siteId: site.site_id } };
};
const aPlace = async () => {
  const { owner, site } = await aSite();
  const gatewayId = `gw-${owner.siteId}`;
  await fleet.insertZone(store)(owner, by, {
    zone_id: 'z1',
    name: 'Z1',
    zone_type: 'container',
    capacity_kw: 900,
    energy_source: 'grid',
  });
  const registered = await registerGateway({
    claim: (of, gateway) => fleet.claimGateway(store)(of, by, gateway),
    activate: fleet.activateGateway(store),
    seal: async (_owner, _id, secret) => Uint8Array.from(secret, (byte) => byte ^ 0xff),
    createThing: async () => ({ certificateId: 'c', certificatePem: 'CERT', privateKeyPem: 'KEY' }),
    mqttEndpoint: async () => ({ host: 'localhost', port: 8883 }),
    clock: { nowMs: () => Date.parse(now) },
  })(owner, { gateway_id: gatewayId, name: 'Gateway' });
  return { owner, site, gatewayId, registered };
};
const miner = (id: string, gatewayId: string, zoneId = 'z1') => ({
  miner_id: id,
  vendor: 'antminer' as const,
  model: 'Antminer S21',
  zone_id: zoneId,
  gateway_id: gatewayId,
  rated_hashrate_ths: 200,
  rated_power_w: 3_500,
});
const register = (owner: fleet.Owner, miners: fleet.NewMiner[]) =>
  registerMiners({
    missingPlaces: fleet.missingPlaces(store),
    insertMiners: (of, all) => fleet.insertMiners(store)(of, by, all),
  })(owner, miners);

describe('sites', () => {
  it('get numbers of their own, also when added at once', async () => {
    const made = await Promise.all(Array.from({ length: 10 }, () => aSite()));
    expect(new Set(made.map(({ site }) => site.site_id)).size).toBe(10);
  });

  it('are not found by another tenant or by an account that does not reach them', async () => {
    const { site } = await aSite();
    const who: Principal = { userId: 1, name: 'A', tenantId: 'demo', role: 'owner', siteIds: 'all' };
    const reach = reachSite(readSite(store));
    expect((await reach(who, site.site_id)).ok).toBe(true);
    const strangers: Principal[] = [
      { ...who, tenantId: 'rival' },
      { ...who, siteIds: [site.site_id + 1] },
    ];
    for (const stranger of strangers)
      expect(await reach(stranger, site.site_id)).toMatchObject({
        ok: false,
        failure: { code: 'not_found', message: 'Site not found' },
      });
  });
});

describe('gateways', () => {
  it('get their keys once; the stored secret is the sealed one', async () => {
    const { owner, registered, gatewayId } = await aPlace();
    if (!registered.ok) throw new Error(registered.failure.message);
    expect(Buffer.from(registered.value.credentials.hmac_secret, 'base64')).toHaveLength(32);
    const listed = await fleet.listGateways(store)(owner.siteId);
    expect(listed).toEqual([expect.objectContaining({ gateway_id: gatewayId, status: 'active' })]);
    expect(JSON.stringify(listed)).not.toContain(registered.value.credentials.hmac_secret);
  });

  it('cannot take a name that another site has', async () => {
    const { gatewayId } = await aPlace();
    const { owner } = await aSite('rival');
    const claimed = await fleet.claimGateway(store)(owner, by, {
      gateway_id: gatewayId,
      name: 'Copy',
      site_id: owner.siteId,
      status: 'registering',
      key_id: 'k-1',
      created_at: now,
      sealed_secret: new Uint8Array(1),
    });
    expect(claimed.ok).toBe(false);
  });
});

describe('miners', () => {
  it('are found by site and by gateway', async () => {
    const { owner, gatewayId } = await aPlace();
    expect((await register(owner, [miner('m-1', gatewayId), miner('m-2', gatewayId)])).ok).toBe(true);
    const expected = [
      expect.objectContaining({ minerId: 'm-1' }),
      expect.objectContaining({ minerId: 'm-2' }),
    ];
    expect(await readMiners(store)(owner.siteId)).toEqual(expected);
    expect(await readMinersOfGateway(store)(gatewayId)).toEqual(expected);
  });

  it('are registered all or none, and the refusal names what stands in the way', async () => {
    const { owner, gatewayId } = await aPlace();
    await register(owner, [miner('m-1', gatewayId)]);
    const refusals = [
      [[miner('m-2', gatewayId), miner('m-1', gatewayId)], 'miner_id m-1 exists already'],
      [[miner('m-3', gatewayId), miner('m-3', gatewayId)], 'miner_id m-3 appears twice'],
      [[miner('m-4', gatewayId, 'nowhere')], 'zone_id nowhere is not a zone of this site'],
      [[miner('m-5', 'gw-none')], 'gateway_id gw-none is not a gateway of this site'],
    ] as const;
    for (const [miners, message] of refusals)
      expect(await register(owner, [...miners])).toMatchObject({ ok: false, failure: { message } });
    expect(await readMiners(store)(owner.siteId)).toHaveLength(1);
  });

  it('come in pages that continue where the last ended', async () => {
    const { owner, gatewayId } = await aPlace();
    await register(
      owner,
      Array.from({ length: 7 }, (_, n) => miner(`m-${n}`, gatewayId)),
    );
    const first = await fleet.listMiners(store)(owner.siteId, 4, undefined);
    const second = await fleet.listMiners(store)(
      owner.siteId,
      4,
      pageQuery.parse({ cursor: first.nextCursor }).cursor,
    );
    expect([...first.miners, ...second.miners].map(({ miner_id }) => miner_id)).toEqual(
      Array.from({ length: 7 }, (_, n) => `m-${n}`),
    );
    expect(second.nextCursor).toBeUndefined();
  });
});

it('writes every change into the site’s audit chain', async () => {
  const { owner, gatewayId } = await aPlace();
  await register(owner, [miner('m-1', gatewayId)]);
  const { links } = await listLinks(store)(owner.siteId, 50, undefined);
  expect(links.map(({ event }) => event.type)).toEqual([
    'fleet.miners.registered',
    'fleet.gateway.registered',
    'fleet.zone.created',
    'fleet.site.created',
  ]);
  const head = await readHead(store)(owner.siteId);
  expect(verifyChain(links.toReversed(), head)).toMatchObject({ intact: true, length: 4 });
});
