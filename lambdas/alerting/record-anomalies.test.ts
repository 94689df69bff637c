import { QueryCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import type { AlertKind, AnomaliesDetected, Anomaly, Severity } from '../../contracts/alert.ts';
import { startTables } from '../../test/support/tables.ts';
import { byStatus, listAlerts, listIncidents } from './alert-repository.ts';
import { usualPolicy } from './plan-alerts.ts';
import { readAlert, readIncident } from './read-alert.ts';
import { endAlerts, recordAnomalies } from './record-anomalies.ts';

let tables: Awaited<ReturnType<typeof startTables<'alerting' | 'audit'>>>;
beforeAll(async () => {
  tables = await startTables([
    { name: 'alerting', indexes: [{ name: byStatus, pk: 'status_pk', sk: 'sk' }] },
    { name: 'audit' },
  ]);
});
afterAll(() => tables.close());

const startMs = Date.parse('2026-11-21T12:00:00.000Z');
const links = z.array(
  z.object({
    event: z.object({ type: z.string(), ref_id: z.string(), payload: z.record(z.string(), z.unknown()) }),
  }),
);

const start = (siteId: number) => {
  const store = {
    db: tables.db,
    alertingTable: tables.nameOf('alerting'),
    auditTable: tables.nameOf('audit'),
  };
  const retired = new Set<string>();
  const deps = { ...store, policy: usualPolicy, clock: { nowMs: () => startMs } };
  const record = recordAnomalies({
    ...deps,
    readTenant: async () => 'acme',
    readRetired: async () => retired,
  });
  const retire = async (minerId: string) => {
    retired.add(minerId);
    await endAlerts(deps)('acme', siteId, [minerId]);
  };
  let sequence = 0;
  const detect = (
    anomalies: Anomaly[],
    recoveries: AnomaliesDetected['recoveries'] = [],
    more: Partial<AnomaliesDetected> = {},
  ): AnomaliesDetected => {
    sequence += 1;
    return {
      version: 1,
      siteId,
      gatewayId: 'gw-1',
      sequence,
      receivedAtMs: startMs,
      anomalies,
      recoveries,
      ...more,
    };
  };
  const events = async () => {
    const { Items } = await tables.db.send(
      new QueryCommand({
        TableName: store.auditTable,
        KeyConditionExpression: 'pk = :pk AND begins_with(sk, :link)',
        ExpressionAttributeValues: { ':pk': `SITE#${siteId}`, ':link': 'LINK#' },
        ConsistentRead: true,
      }),
    );
    return links.parse(Items).map(({ event }) => event);
  };
  const types = async () => (await events()).map(({ type }) => type.replace('alerting.', ''));
  const alerts = async () => (await listAlerts(store)(siteId, { limit: 500 })).found;
  const incidents = async () => (await listIncidents(store)(siteId, { limit: 500 })).found;
  return { siteId, store, retire, record, detect, events, types, alerts, incidents };
};

const anomaly = (
  minerId: string,
  afterS: number,
  kind: AlertKind = 'overheating',
  severity: Severity = 'P2',
  zoneId = 'A',
): Anomaly => ({
  minerId,
  zoneId,
  kind,
  severity,
  reason: { en: 'hot', zh: '热' },
  reading: { minerId, sampledAtMs: startMs + afterS * 1000, state: 'hashing', values: { chipTempC: 95 } },
});
const recovery = (minerId: string, afterS: number, kind: AlertKind = 'overheating') => ({
  minerId,
  kind,
  sampledAtMs: startMs + afterS * 1000,
});

describe('alerts', () => {
  it('takes the same miner and kind within five minutes for one alert, and delivers nothing twice', async () => {
    const site = start(1);
    const first = site.detect([anomaly('m-1', 0)]);
    await site.record(first);
    await site.record(first);
    await site.record(site.detect([anomaly('m-1', 299)]));
    const [alert, ...others] = await site.alerts();
    expect(others).toEqual([]);
    expect(alert).toMatchObject({
      minerId: 'm-1',
      kind: 'overheating',
      status: 'open',
      count: 2,
      severity: 'P2',
    });
    expect(await site.types()).toEqual(['alert.opened']);
    await site.record(site.detect([anomaly('m-1', 300, 'overheating', 'P1')]));
    expect(await site.types()).toEqual(['alert.opened', 'alert.repeated']);
    expect((await site.alerts())[0]).toMatchObject({ count: 3, severity: 'P1' });
    expect(await readAlert(site.store)(1, alert?.alertId ?? '')).toMatchObject({ count: 3 });
    expect(await readAlert(site.store)(2, alert?.alertId ?? '')).toBeUndefined();
  });

  it('opens another alert after more than five minutes, and closes what was left open', async () => {
    const site = start(2);
    await site.record(site.detect([anomaly('m-1', 0)]));
    await site.record(site.detect([anomaly('m-1', 301)]));
    expect((await site.alerts()).map(({ status }) => status)).toEqual(['open', 'resolved']);
    expect((await site.types()).toSorted()).toEqual(['alert.opened', 'alert.opened', 'alert.resolved']);
  });

  it('end with the miner that is taken out of use, of which nothing is heard any more', async () => {
    const site = start(4_001);
    await site.record(
      site.detect([anomaly('m-1', 0), anomaly('m-1', 0, 'offline', 'P1'), anomaly('m-2', 0, 'fan_failure')]),
    );
    await site.retire('m-1');
    await site.retire('m-1');
    await site.record(site.detect([anomaly('m-1', 30), anomaly('m-1', 400, 'hashrate_drop')]));
    const open = (await site.alerts()).filter(({ status }) => status === 'open');
    expect(open.map(({ minerId }) => minerId)).toEqual(['m-2']);
    expect((await site.types()).filter((type) => type === 'alert.resolved')).toHaveLength(2);
  });

  it('resolves on recovery, and takes a relapse within five minutes for the same alert', async () => {
    const site = start(3);
    await site.record(site.detect([anomaly('m-1', 0)]));
    await site.record(site.detect([], [recovery('m-1', 60)]));
    expect((await site.alerts())[0]).toMatchObject({ status: 'resolved', resolvedAtMs: startMs + 60_000 });
    await site.record(site.detect([anomaly('m-1', 120)]));
    expect(await site.alerts()).toMatchObject([{ status: 'open', count: 2 }]);
    expect(await site.types()).toEqual(['alert.opened', 'alert.resolved', 'alert.repeated']);
    const { found } = await listAlerts(site.store)(3, { status: 'resolved', limit: 10 });
    expect(found).toEqual([]);
  });

  it('attaches later symptoms of a miner to its first alert', async () => {
    const site = start(4);
    await site.record(
      site.detect([anomaly('m-1', 0, 'hashrate_drop', 'P2'), anomaly('m-1', 0, 'fan_failure', 'P2')]),
    );
    await site.record(site.detect([anomaly('m-1', 90, 'overheating', 'P1')]));
    const alerts = await site.alerts();
    const root = alerts.find(({ kind }) => kind === 'fan_failure');
    expect(root).toMatchObject({ severity: 'P1', relatedAlertIds: [expect.any(String), expect.any(String)] });
    expect(root?.parentAlertId).toBeUndefined();
    expect(
      alerts
        .filter(({ parentAlertId }) => parentAlertId === root?.alertId)
        .map(({ kind }) => kind)
        .toSorted(),
    ).toEqual(['hashrate_drop', 'overheating']);
    const opened = (await site.events()).filter(({ type }) => type === 'alerting.alert.opened');
    expect(opened.filter(({ payload }) => payload.parent_alert_id === undefined)).toHaveLength(1);
  });
});

describe('incidents', () => {
  it('makes one incident at once of a whole zone in one batch', async () => {
    const site = start(11);
    const miners = Array.from({ length: 120 }, (_, index) => `m-${index}`);
    await site.record(site.detect(miners.map((id) => anomaly(id, 0))));
    const [incident, ...others] = await site.incidents();
    expect(others).toEqual([]);
    expect(incident?.minerIds.toSorted()).toEqual(miners.toSorted());
    expect(incident).toMatchObject({ zoneId: 'A', kind: 'overheating', severity: 'P1', openAlerts: 120 });
    expect((await site.alerts()).every(({ incidentId }) => incidentId === incident?.incidentId)).toBe(true);
    const types = await site.types();
    expect(types.filter((type) => type === 'incident.opened')).toHaveLength(1);
    expect(types).not.toContain('alert.opened');
    expect(await readIncident(site.store)(11, incident?.incidentId ?? '')).toEqual(incident);
  });

  it('opens with the third of a trickle within half a minute and takes the earlier two in', async () => {
    const site = start(12);
    await site.record(site.detect([anomaly('m-1', 0)]));
    await site.record(site.detect([anomaly('m-2', 20)]));
    await site.record(site.detect([anomaly('m-3', 29)]));
    await site.record(site.detect([anomaly('m-4', 60)]));
    expect(await site.types()).toEqual(['alert.opened', 'alert.opened', 'incident.opened', 'incident.grown']);
    const [incident] = await site.incidents();
    expect(incident?.minerIds).toEqual(['m-1', 'm-2', 'm-3', 'm-4']);
  });

  it('does not make one of other kinds, other zones, one miner, or more than half a minute', async () => {
    const site = start(13);
    await site.record(
      site.detect([
        anomaly('m-1', 0),
        anomaly('m-2', 0, 'fan_failure'),
        anomaly('m-3', 0, 'overheating', 'P2', 'B'),
      ]),
    );
    await site.record(site.detect([anomaly('m-4', 16)]));
    await site.record(site.detect([anomaly('m-5', 47)]));
    expect(await site.incidents()).toEqual([]);
    expect(await site.alerts()).toHaveLength(5);
  });

  it('ends when the last of its alerts does', async () => {
    const site = start(14);
    const ids = ['m-1', 'm-2', 'm-3'];
    await site.record(site.detect(ids.map((id) => anomaly(id, 0))));
    await site.record(
      site.detect(
        [],
        ids.slice(1).map((id) => recovery(id, 60)),
      ),
    );
    expect(await site.incidents()).toMatchObject([{ status: 'open', openAlerts: 1 }]);
    await site.record(site.detect([], [recovery('m-1', 90)]));
    expect(await site.incidents()).toMatchObject([{ status: 'resolved', openAlerts: 0 }]);
    expect((await site.types()).at(-1)).toBe('incident.resolved');
  });

  it('makes one incident of a silent gateway, whatever the zones and the parts it is told in', async () => {
    const site = start(15);
    const offline = (id: string, zone: string) => anomaly(id, 0, 'offline', 'P1', zone);
    await site.record(site.detect([offline('m-1', 'A'), offline('m-2', 'B')], [], { gatewaySilent: true }));
    await site.record(site.detect([offline('m-3', 'C')], [], { gatewaySilent: true }));
    expect(await site.incidents()).toMatchObject([
      { gatewayId: 'gw-1', severity: 'P0', minerIds: ['m-1', 'm-2', 'm-3'] },
    ]);
    expect(await site.types()).toEqual(['incident.opened', 'incident.grown']);
  });

  it('counts every miner once when many work at the same time, each batch delivered twice', async () => {
    const site = start(16);
    const batches = Array.from({ length: 12 }, (_, index) =>
      site.detect([anomaly(`m-${index}`, index), anomaly(`m-${index}`, index, 'hashrate_drop')]),
    );
    await Promise.all([...batches, ...batches].map((batch) => site.record(batch)));
    expect(await site.alerts()).toHaveLength(24);
    const incidents = await site.incidents();
    expect(incidents).toHaveLength(1);
    expect(new Set(incidents[0]?.minerIds).size).toBe(12);
    expect(incidents[0]?.alertIds).toHaveLength(12);
    expect((await site.types()).filter((type) => type === 'incident.opened')).toHaveLength(1);
  });
});
