import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Principal } from '../../contracts/access.ts';
import { verifyChain } from '../audit/audit-chain.ts';
import { listLinks, readHead } from '../audit/audit-repository.ts';
import { readMiner, readMiners, readMinersOfGateway } from './fleet-directory.ts';
import { owner, startFleet, startMs } from './test-fleet.ts';

let fleet: Awaited<ReturnType<typeof startFleet>>;
beforeAll(async () => {
  fleet = await startFleet();
});
afterAll(() => fleet.tables.close());

const events = async (siteId: number) =>
  (await listLinks(fleet.store)(siteId, 200, undefined)).links.map(({ event }) => event).toReversed();
const reason = 'because';

describe('sites', () => {
  it('get numbers of their own, also when added at once', async () => {
    const made = await Promise.all(Array.from({ length: 10 }, () => fleet.aSite()));
    expect(new Set(made.map(({ site_id }) => site_id)).size).toBe(10);
  });

  it('are not found by another tenant or by an account that does not reach them', async () => {
    const params = await fleet.aSite();
    const strangers: Principal[] = [
      { ...owner, tenantId: 'rival' },
      { ...owner, siteIds: [params.site_id + 1] },
    ];
    for (const stranger of strangers)
      expect(await fleet.refusal('getSite', { params }, stranger)).toBe('not_found: Site not found');
  });

  it('change for who knows their version, and say in the audit log what was', async () => {
    const params = await fleet.aSite();
    const change = { version: 1, name: 'South', location: 'Texas', reason };
    expect((await fleet.ask('changeSite', { params, body: change })).site).toMatchObject({
      name: 'South',
      location: 'Texas',
      version: 2,
    });
    expect(await fleet.refusal('changeSite', { params, body: change })).toBe(
      'conflict: Site has changed meanwhile; read it again',
    );
    const { site } = await fleet.ask('changeSite', { params, body: { version: 2, location: null } });
    expect(site).not.toHaveProperty('location');
    expect((await events(params.site_id)).slice(-2).map(({ payload }) => payload)).toEqual([
      {
        site_id: params.site_id,
        version: 2,
        from: { name: 'North', location: null },
        to: { name: 'South', location: 'Texas' },
        reason,
      },
      { site_id: params.site_id, version: 3, from: { location: 'Texas' }, to: { location: null } },
    ]);
  });

  it('lose no change to another made at the same time', async () => {
    const params = await fleet.aSite();
    const outcomes = await Promise.all(
      Array.from({ length: 8 }, (_, n) =>
        fleet.refusal('changeSite', { params, body: { version: 1, name: `Name ${n}` } }),
      ),
    );
    expect(outcomes.filter((outcome) => outcome === 'was accepted')).toHaveLength(1);
    expect((await fleet.ask('getSite', { params })).site.version).toBe(2);
  });

  it('are archived without miners in use, take nothing in then, and come back', async () => {
    const params = await fleet.aSite();
    const miners = [fleet.aMiner('m-1', params)];
    await fleet.ask('registerMiners', { params, body: { miners } });
    const ending = { version: 1, reason };
    expect(await fleet.refusal('archiveSite', { params, body: ending })).toBe(
      'invalid_state: 1 miners of the site are in use; retire them first',
    );
    await fleet.ask('retireMiner', { params: { ...params, miner_id: 'm-1' }, body: ending });
    const { site } = await fleet.ask('archiveSite', { params, body: ending });
    expect(site).toMatchObject({ status: 'archived', version: 2, archived_at: '2026-01-27T10:30:00.000Z' });
    const zone = { zone_id: 'z9', name: 'Z9', zone_type: 'room', capacity_kw: 1 };
    for (const [id, sent] of [
      ['createZone', { params, body: zone }],
      ['registerMiners', { params, body: { miners: [fleet.aMiner('m-2', params)] } }],
      ['restoreMiner', { params: { ...params, miner_id: 'm-1' }, body: { version: 2, reason } }],
      ['changeZone', { params: { ...params, zone_id: 'z1' }, body: { version: 1, name: 'N' } }],
      ['createCustomer', { params, body: { customer_id: 'new', name: 'N' } }],
    ] as const)
      expect([id, await fleet.refusal(id, sent)]).toEqual([id, 'invalid_state: Site is archived']);
    const listed = async (status?: string) =>
      (await fleet.ask('listSites', { query: status ? { status } : {} })).sites.map(({ site_id }) => site_id);
    expect(await listed()).not.toContain(params.site_id);
    expect(await listed('archived')).toContain(params.site_id);
    await fleet.ask('restoreSite', { params, body: { version: 2, reason } });
    expect(await listed()).toContain(params.site_id);
  });

  it('that were stored before versions were kept are at their first', async () => {
    const params = await fleet.aSite();
    const { UpdateCommand } = await import('@aws-sdk/lib-dynamodb');
    const { fleetKeys } = await import('./fleet-keys.ts');
    await fleet.store.db.send(
      new UpdateCommand({
        TableName: fleet.store.fleetTable,
        Key: fleetKeys.site('demo', params.site_id),
        UpdateExpression: 'REMOVE version, #status',
        ExpressionAttributeNames: { '#status': 'status' },
      }),
    );
    expect((await fleet.ask('getSite', { params })).site).toMatchObject({ version: 1, status: 'active' });
    const { site } = await fleet.ask('changeSite', { params, body: { version: 1, name: 'Newer' } });
    expect(site.version).toBe(2);
  });
});

describe('zones', () => {
  it('change, and are archived once no miner in use is in them', async () => {
    const params = await fleet.aSite();
    const zone = { ...params, zone_id: 'z1' };
    await fleet.ask('registerMiners', { params, body: { miners: [fleet.aMiner('m-1', params)] } });
    const changed = await fleet.ask('changeZone', {
      params: zone,
      body: { version: 1, capacity_kw: 1_200, zone_type: 'building', energy_source: 'hydro' },
    });
    expect(changed.zone).toMatchObject({ capacity_kw: 1_200, zone_type: 'building', version: 2 });
    const ending = { version: 2, reason };
    expect(await fleet.refusal('archiveZone', { params: zone, body: ending })).toBe(
      'invalid_state: 1 miners of the zone are in use; move or retire them first',
    );
    await fleet.ask('changeMiner', {
      params: { ...params, miner_id: 'm-1' },
      body: { version: 1, zone_id: 'z2' },
    });
    expect((await fleet.ask('archiveZone', { params: zone, body: ending })).zone.status).toBe('archived');
    expect(await fleet.refusal('archiveZone', { params: zone, body: { version: 3, reason } })).toBe(
      'invalid_state: Zone z1 is archived already',
    );
    expect(
      await fleet.refusal('registerMiners', { params, body: { miners: [fleet.aMiner('m-2', params)] } }),
    ).toBe('validation_failed: zone_id: zone z1 is archived');
    expect(
      (await fleet.ask('restoreZone', { params: zone, body: { version: 3, reason } })).zone,
    ).not.toHaveProperty('archived_at');
  });

  it('are never archived under a miner that comes at the same time', async () => {
    for (let round = 0; round < 12; round++) {
      const params = await fleet.aSite();
      const [registered, archived] = await Promise.all([
        fleet.refusal('registerMiners', { params, body: { miners: [fleet.aMiner('m-1', params)] } }),
        fleet.refusal('archiveZone', {
          params: { ...params, zone_id: 'z1' },
          body: { version: 1, reason },
        }),
      ]);
      expect([registered, archived].filter((outcome) => outcome === 'was accepted')).toHaveLength(1);
    }
  });
});

describe('miners', () => {
  const ids = (answer: { miners: readonly { miner_id: string }[] }) =>
    answer.miners.map(({ miner_id }) => miner_id);

  it('are found by site and by gateway', async () => {
    const params = await fleet.aSite();
    const miners = ['m-1', 'm-2'].map((id) => fleet.aMiner(id, params));
    await fleet.ask('registerMiners', { params, body: { miners } });
    const expected = ['m-1', 'm-2'].map((minerId) => expect.objectContaining({ minerId, zoneId: 'z1' }));
    expect(await readMiners(fleet.store)(params.site_id)).toEqual(expected);
    expect(await readMinersOfGateway(fleet.store)(`gw-${params.site_id}-1`)).toEqual(expected);
  });

  it('are registered all or none, and the refusal names what stands in the way', async () => {
    const params = await fleet.aSite();
    const register = (...miners: object[]) => fleet.refusal('registerMiners', { params, body: { miners } });
    const miner = (id: string, rest: object = {}) => fleet.aMiner(id, params, rest);
    expect(await register(miner('m-1'))).toBe('was accepted');
    expect(await register(miner('m-2'), miner('m-1'))).toBe('conflict: miner_id m-1 exists already');
    expect(await register(miner('m-3'), miner('m-3'))).toBe('validation_failed: miner_id m-3 appears twice');
    for (const [field, value, what] of [
      ['zone_id', 'nowhere', 'zone nowhere'],
      ['gateway_id', 'gw-none', 'gateway gw-none'],
      ['customer_id', 'nobody', 'customer nobody'],
    ] as const)
      expect(await register(miner('m-4', { [field]: value }))).toBe(
        `validation_failed: ${field}: ${what} is not of this site`,
      );
    expect(await readMiners(fleet.store)(params.site_id)).toHaveLength(1);
  });

  it('come filtered, sorted and in pages that hold while others come and go', async () => {
    const params = await fleet.aSite();
    const all = Array.from({ length: 23 }, (_, n) =>
      fleet.aMiner(`m-${String(n).padStart(2, '0')}`, params, {
        zone_id: n % 3 === 0 ? 'z2' : 'z1',
        model: ['Übermodell, 1', 'Antminer S21', 'Antminer S19'][n % 3],
        rated_power_w: 3_000 + ((n * 7) % 5),
        ...(n % 4 === 0 && { customer_id: 'acme' }),
        labels: [`row ${n % 2}`],
        serial_number: `SN-${n}`,
      }),
    );
    await fleet.ask('registerMiners', { params, body: { miners: all } });
    const list = (query: object) => fleet.ask('listMiners', { params, query });
    expect(await list({ zone_id: 'z2', limit: 3 })).toMatchObject({ count: 3, total: 8 });
    expect(ids(await list({ customer_id: 'acme,-', zone_id: 'z1', label: 'row 1' }))).toEqual([
      'm-01',
      'm-05',
      'm-07',
      'm-11',
      'm-13',
      'm-17',
      'm-19',
    ]);
    expect(ids(await list({ search: 'sn-22' }))).toEqual(['m-22']);
    for (const sort of ['miner_id', 'rated_power_w', 'model', 'customer_id'])
      for (const order of ['asc', 'desc']) {
        const whole = ids(await list({ sort, order }));
        const pages: string[] = [];
        let cursor: string | undefined;
        do {
          const page = await list({ sort, order, limit: '4', ...(cursor && { cursor }) });
          pages.push(...ids(page));
          cursor = page.next_cursor;
        } while (cursor);
        expect([sort, order, ...pages]).toEqual([sort, order, ...whole]);
        expect(new Set(whole).size).toBe(23);
      }
    const first = await list({ limit: '5' });
    await fleet.ask('retireMiner', {
      params: { ...params, miner_id: 'm-04' },
      body: { version: 1, reason },
    });
    expect(ids(await list({ limit: '2', cursor: first.next_cursor }))).toEqual(['m-05', 'm-06']);
    expect(ids(await list({ status: 'retired' }))).toEqual(['m-04']);
  });

  it('move between zones and gateways, and other contexts see it', async () => {
    const params = await fleet.aSite();
    const one = { ...params, miner_id: 'm-1' };
    await fleet.ask('registerMiners', { params, body: { miners: [fleet.aMiner('m-1', params)] } });
    const second = `gw-${params.site_id}-2`;
    const { miner } = await fleet.ask('changeMiner', {
      params: one,
      body: {
        version: 1,
        zone_id: 'z2',
        gateway_id: second,
        labels: ['row 7'],
        rated_power_w: 3_200,
        reason,
      },
    });
    expect(miner).toMatchObject({ version: 2, zone_id: 'z2', labels: ['row 7'], rated_power_w: 3_200 });
    expect(await readMinersOfGateway(fleet.store)(`gw-${params.site_id}-1`)).toEqual([]);
    expect(await readMinersOfGateway(fleet.store)(second)).toMatchObject([{ minerId: 'm-1', zoneId: 'z2' }]);
    expect((await events(params.site_id)).at(-1)).toMatchObject({
      type: 'fleet.miners.changed',
      ref_type: 'miner',
      ref_id: 'm-1',
      payload: {
        reason,
        changes: [
          {
            miner_id: 'm-1',
            from: { zone_id: 'z1', gateway_id: `gw-${params.site_id}-1`, labels: [], rated_power_w: 3_500 },
            to: { zone_id: 'z2', gateway_id: second, labels: ['row 7'], rated_power_w: 3_200 },
          },
        ],
      },
    });
    expect(await fleet.refusal('changeMiner', { params: one, body: { version: 1, zone_id: 'z1' } })).toBe(
      'conflict: Miner m-1 has changed meanwhile; read it again',
    );
    expect(
      await fleet.refusal('changeMiner', { params: one, body: { version: 2, gateway_id: 'gw-none' } }),
    ).toBe('validation_failed: gateway_id: gateway gw-none is not of this site');
    const before = (await events(params.site_id)).length;
    await fleet.ask('changeMiner', { params: one, body: { version: 2, zone_id: 'z2' } });
    expect(await events(params.site_id)).toHaveLength(before);
  });

  it('go to no gateway that does not serve their zone', async () => {
    const params = await fleet.aSite();
    const one = { ...params, miner_id: 'm-1' };
    const bound = `gw-${params.site_id}-2`;
    await fleet.bind(params.site_id, bound, ['z2']);
    const away = `validation_failed: gateway_id: gateway ${bound} does not serve every zone of these miners (z1)`;
    const miners = [fleet.aMiner('m-1', params, { gateway_id: bound })];
    expect(await fleet.refusal('registerMiners', { params, body: { miners } })).toBe(away);
    await fleet.ask('registerMiners', {
      params,
      body: { miners: [fleet.aMiner('m-1', params, { gateway_id: bound, zone_id: 'z2' })] },
    });
    expect(await fleet.refusal('changeMiner', { params: one, body: { version: 1, zone_id: 'z1' } })).toBe(
      away,
    );
    await fleet.ask('retireMiner', { params: one, body: { version: 1, reason } });
    await fleet.bind(params.site_id, bound, ['z1']);
    expect(await fleet.refusal('restoreMiner', { params: one, body: { version: 2, reason } })).toBe(
      away.replace('(z1)', '(z2)'),
    );
    await fleet.bind(params.site_id, bound, 'all');
    await fleet.ask('restoreMiner', { params: one, body: { version: 2, reason } });
  });

  it('retire, keep their history, and come back', async () => {
    const params = await fleet.aSite();
    const one = { ...params, miner_id: 'm-1' };
    await fleet.ask('registerMiners', {
      params,
      body: { miners: [fleet.aMiner('m-1', params, { customer_id: 'acme' })] },
    });
    const { miner } = await fleet.ask('retireMiner', { params: one, body: { version: 1, reason } });
    expect(miner).toMatchObject({ status: 'retired', version: 2, customer_id: 'acme' });
    expect(await readMiner(fleet.store)(params.site_id, 'm-1')).toBeUndefined();
    expect(await readMinersOfGateway(fleet.store)(`gw-${params.site_id}-1`)).toMatchObject([
      { minerId: 'm-1', retired: true },
    ]);
    expect(await fleet.refusal('changeMiner', { params: one, body: { version: 2, zone_id: 'z2' } })).toBe(
      'invalid_state: Miner m-1 is retired',
    );
    expect(await fleet.refusal('retireMiner', { params: one, body: { version: 2, reason } })).toBe(
      'invalid_state: Miner m-1 is retired already',
    );
    const back = await fleet.ask('restoreMiner', { params: one, body: { version: 2, reason } });
    expect(back.miner).toMatchObject({ status: 'active', version: 3 });
    expect(back.miner).not.toHaveProperty('retired_at');
    expect((await events(params.site_id)).slice(-2)).toMatchObject([
      { type: 'fleet.miners.retired', payload: { miner_ids: ['m-1'], reason } },
      { type: 'fleet.miners.restored', payload: { miner_ids: ['m-1'], reason } },
    ]);
  });

  it('change many at once, after a dry run that changes nothing', async () => {
    const params = await fleet.aSite();
    for (let at = 0; at < 3; at++)
      await fleet.ask('registerMiners', {
        params,
        body: { miners: Array.from({ length: 70 }, (_, n) => fleet.aMiner(`m-${at * 70 + n}`, params)) },
      });
    await fleet.ask('retireMiner', { params: { ...params, miner_id: 'm-7' }, body: { version: 1, reason } });
    const request = {
      selection: { zone_ids: ['z1'] },
      change: { zone_id: 'z2', add_labels: ['moved'] },
      reason,
    };
    const before = (await events(params.site_id)).length;
    const dry = await fleet.ask('changeMiners', { params, body: { ...request, dry_run: true } });
    expect(dry).toMatchObject({
      dry_run: true,
      matched: 210,
      changed: 209,
      refused: [{ miner_id: 'm-7', code: 'invalid_state', error: 'Miner m-7 is retired' }],
    });
    expect(dry.preview).toHaveLength(100);
    expect(await events(params.site_id)).toHaveLength(before);
    await fleet.ask('changeMiner', {
      params: { ...params, miner_id: 'm-8' },
      body: { version: 1, rated_power_w: 3_000 },
    });
    const bound = { ...request, selection_hash: dry.selection_hash };
    expect(await fleet.refusal('changeMiners', { params, body: bound })).toBe(
      'conflict: The selection has changed since the dry run',
    );
    const done = await fleet.ask('changeMiners', { params, body: request });
    expect(done).toMatchObject({ dry_run: false, matched: 210, changed: 209 });
    expect(await fleet.ask('listMiners', { params, query: { zone_id: 'z2', label: 'moved' } })).toMatchObject(
      {
        total: 209,
      },
    );
    expect((await events(params.site_id)).slice(before + 1).map(({ type }) => type)).toEqual(
      Array.from({ length: 3 }, () => 'fleet.miners.changed'),
    );
    const again = await fleet.ask('changeMiners', {
      params,
      body: { ...request, selection: { miner_ids: ['m-1', 'm-none'] } },
    });
    expect(again).toMatchObject({ matched: 1, changed: 0, unchanged: 1, refused: [{ code: 'not_found' }] });
    expect(
      await fleet.refusal('changeMiners', { params, body: { ...request, change: { zone_id: 'z9' } } }),
    ).toBe('validation_failed: zone_id: z9 is not one of this site, or archived');
  });

  it('keep every change when many people change them at once', async () => {
    const params = await fleet.aSite();
    const miners = Array.from({ length: 20 }, (_, n) => fleet.aMiner(`m-${n}`, params));
    await fleet.ask('registerMiners', { params, body: { miners } });
    const label = (name: string) =>
      fleet.ask('changeMiners', {
        params,
        body: { selection: { zone_ids: ['z1'] }, change: { add_labels: [name] }, reason },
      });
    const outcomes = await Promise.all(['a', 'b', 'c', 'd'].map(label));
    const { miners: after } = await fleet.ask('listMiners', { params });
    const kept = after.reduce((sum, { labels }) => sum + labels.length, 0);
    expect(kept).toBe(outcomes.reduce((sum, { changed }) => sum + changed, 0));
    for (const { changed, refused, matched } of outcomes) expect(changed + refused.length).toBe(matched);
    expect(new Set(outcomes.flatMap(({ refused }) => refused.map(({ code }) => code)))).toEqual(
      new Set(['conflict']),
    );
  });
});

describe('customers', () => {
  const setOut = async () => {
    const params = await fleet.aSite();
    const miners = ['m-1', 'm-2'].map((id) => fleet.aMiner(id, params, { customer_id: 'acme' }));
    await fleet.ask('registerMiners', { params, body: { miners } });
    return params;
  };
  const dayMs = 86_400_000;
  const at = (days: number) => new Date(startMs + days * dayMs).toISOString();

  it('change, and are archived once no machine is or will be theirs', async () => {
    const params = await setOut();
    const acme = { ...params, customer_id: 'acme' };
    const { customer } = await fleet.ask('changeCustomer', {
      params: acme,
      body: { version: 1, company: 'Acme Ltd', contract: { number: 'C-1', starts_on: '2026-01-01' } },
    });
    expect(customer).toMatchObject({ company: 'Acme Ltd', version: 2 });
    expect((await fleet.ask('listCustomers', { params })).customers).toMatchObject([
      { customer_id: 'acme', miners: 2, rated_power_kw: 7 },
      { customer_id: 'birch', miners: 0 },
    ]);
    const ending = { version: 2, reason };
    expect(await fleet.refusal('archiveCustomer', { params: acme, body: ending })).toBe(
      'invalid_state: 2 miners are the customer’s; hand them over first',
    );
    const selection = { customer_ids: ['acme'] };
    await fleet.ask('assignMiners', { params, body: { selection, customer_id: null, reason } });
    expect((await fleet.ask('archiveCustomer', { params: acme, body: ending })).customer.status).toBe(
      'archived',
    );
    expect(
      await fleet.refusal('assignMiners', {
        params,
        body: { selection: { zone_ids: ['z1'] }, customer_id: 'acme', reason },
      }),
    ).toBe('validation_failed: customer_id: acme is not one of this site, or archived');
  });

  it('own machines from a time on, which is kept for whoever bills', async () => {
    const params = await setOut();
    const assign = (miner_ids: string[], customer_id: string | null, from: string) =>
      fleet.ask('assignMiners', { params, body: { selection: { miner_ids }, customer_id, from, reason } });
    await assign(['m-1'], 'birch', at(10));
    await assign(['m-1'], null, at(20));
    const shown = await fleet.ask('getMiner', { params: { ...params, miner_id: 'm-1' } });
    expect(shown.miner.customer_id).toBe('acme');
    expect(shown.ownership).toEqual([
      { customer_id: 'acme', from: at(0), to: at(10) },
      { customer_id: 'birch', from: at(10), to: at(20) },
      { customer_id: null, from: at(20) },
    ]);
    const owned = async (query: object) =>
      (await fleet.ask('listOwnership', { params, query: { from: at(5), to: at(15), ...query } })).ownerships;
    expect(await owned({})).toEqual([
      { miner_id: 'm-1', customer_id: 'acme', from: at(5), to: at(10) },
      { miner_id: 'm-1', customer_id: 'birch', from: at(10), to: at(15) },
      { miner_id: 'm-2', customer_id: 'acme', from: at(5), to: at(15) },
    ]);
    expect(await owned({ customer_id: 'birch' })).toEqual([
      { miner_id: 'm-1', customer_id: 'birch', from: at(10), to: at(15) },
    ]);
    expect(await owned({ from: at(20), to: at(30), miner_id: 'm-1' })).toEqual([]);
    fleet.time.nowMs = startMs + 12 * dayMs;
    const nowOf = async (minerId: string) =>
      (await readMiner(fleet.store)(params.site_id, minerId))?.customerId;
    expect([await nowOf('m-1'), await nowOf('m-2')]).toEqual(['birch', 'acme']);
    fleet.time.nowMs = startMs;
    expect(
      await fleet.refusal('assignMiners', {
        params,
        body: { selection: { zone_ids: ['z1'] }, customer_id: 'acme', from: at(-500), reason },
      }),
    ).toBe('validation_failed: from: must be at most 400 days ago and at most 366 days ahead');
    expect((await events(params.site_id)).at(-1)).toMatchObject({
      type: 'fleet.miners.assigned',
      payload: { miner_ids: ['m-1'], customer_id: null, from: at(20), reason },
    });
  });

  it('see their own machines, zones and history, and nothing else', async () => {
    const params = await setOut();
    const client: Principal = { ...owner, role: 'client', siteIds: [params.site_id], customerIds: ['birch'] };
    const nobody: Principal = { ...owner, role: 'client', siteIds: [params.site_id] };
    const selection = { miner_ids: ['m-2'] };
    const body = { selection, customer_id: 'birch', reason, from: at(-1) };
    await fleet.ask('assignMiners', { params, body });
    await fleet.ask('changeMiner', {
      params: { ...params, miner_id: 'm-2' },
      body: { version: 2, zone_id: 'z2' },
    });
    for (const [who, miners, zones, customers] of [
      [client, ['m-2'], ['z2'], ['birch']],
      [nobody, [], [], []],
    ] as const) {
      const seen = await fleet.ask('listMiners', { params, query: { status: 'all' } }, who);
      expect(seen.miners.map(({ miner_id }) => miner_id)).toEqual(miners);
      expect(seen.total).toBe(miners.length);
      const zoned = await fleet.ask('listZones', { params }, who);
      expect(zoned.zones.map(({ zone_id }) => zone_id)).toEqual(zones);
      const known = await fleet.ask('listCustomers', { params }, who);
      expect(known.customers.map(({ customer_id }) => customer_id)).toEqual(customers);
    }
    expect(await fleet.refusal('getMiner', { params: { ...params, miner_id: 'm-1' } }, client)).toBe(
      'not_found: Miner not found',
    );
    expect(await fleet.refusal('getCustomer', { params: { ...params, customer_id: 'acme' } }, client)).toBe(
      'not_found: Customer not found',
    );
    expect(await fleet.refusal('getZone', { params: { ...params, zone_id: 'z1' } }, client)).toBe(
      'not_found: Zone not found',
    );
    const own = await fleet.ask('getMiner', { params: { ...params, miner_id: 'm-2' } }, client);
    expect(JSON.stringify(own)).not.toContain('acme');
    const interval = { from: at(-30), to: at(30) };
    const history = await fleet.ask('listOwnership', { params, query: interval }, client);
    expect(history.ownerships).toEqual([{ miner_id: 'm-2', customer_id: 'birch', from: at(-1), to: at(30) }]);
  });
});

it('writes every change into the site’s audit chain, which stays whole', async () => {
  const params = await fleet.aSite();
  await fleet.ask('registerMiners', { params, body: { miners: [fleet.aMiner('m-1', params)] } });
  expect((await events(params.site_id)).map(({ type }) => type)).toEqual([
    'fleet.site.created',
    'fleet.zone.created',
    'fleet.zone.created',
    'fleet.customer.created',
    'fleet.customer.created',
    'fleet.miners.registered',
  ]);
  const { links } = await listLinks(fleet.store)(params.site_id, 50, undefined);
  const head = await readHead(fleet.store)(params.site_id);
  expect(verifyChain(links.toReversed(), head)).toMatchObject({ intact: true, length: 6 });
});
