import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AnomaliesDetected } from '../../contracts/alert.ts';
import { scaleOf } from '../../contracts/telemetry-columns.ts';
import { startTables } from '../../test/support/tables.ts';
import { cachedBlocks } from './block-cache.ts';
import { putRaw } from './block-repository.ts';
import { type Arrival, type IngestDeps, ingestBatch } from './ingest-batch.ts';
import { commitBatch, readBlock } from './live-repository.ts';
import { insertEntry, listEntries } from './quarantine-repository.ts';
import { readDailySeries, readLive, readRecentReadings, readWindowSeries } from './read-telemetry.ts';
import { rollUp } from './roll-up.ts';
import type { Shard } from './telemetry-keys.ts';
import { batchBytes, healthy, minerIds, s19 } from './test-batches.ts';

let tables: Awaited<ReturnType<typeof startTables<'telemetry' | 'audit'>>>;
beforeAll(async () => {
  tables = await startTables([{ name: 'telemetry' }, { name: 'audit' }]);
});
afterAll(() => tables.close());

const nowMs = Date.parse('2026-11-21T12:00:00.000Z');
const storeOf = () => ({
  db: tables.db,
  telemetryTable: tables.nameOf('telemetry'),
  auditTable: tables.nameOf('audit'),
  clock: { nowMs: () => nowMs },
});

/** A site of its own for each test, with everything real but bus, queue and bucket. */
const start = (siteId: number, faults: Partial<IngestDeps> = {}) => {
  const store = storeOf();
  const published: AnomaliesDetected[] = [];
  const requested: { shard: Shard; windows: readonly number[] }[] = [];
  const deps: IngestDeps = {
    readOwner: async (_, gatewayId) => (gatewayId === 'gw-1' ? { tenantId: 'acme' } : undefined),
    readFacts: async () => (id) => (id.startsWith('m-') ? s19 : undefined),
    readForeign: async (_site, _gateway, ids) => new Set(ids.filter((id) => id.startsWith('other-'))),
    ...cachedBlocks({ readBlock: readBlock(store), commitBatch: commitBatch(store) }),
    putRaw: putRaw(store),
    publish: async (detected) => void published.push(detected),
    requestRollUp: async (shard, windows) => void requested.push({ shard, windows }),
    setAside: async ({ receivedAtMs, gatewayId, bytes }, tenantId, fault, detail) => {
      const entry = {
        quarantineId: `q-${fault}`,
        siteId,
        gatewayId,
        fault,
        detail,
        bytes: bytes.length,
        objectKey: 'k',
        receivedAtMs,
      };
      await insertEntry(store)(entry, tenantId ?? 'nobody');
    },
    ...faults,
  };
  const place = { siteId, gatewayId: 'gw-1', shard: 0 };
  const arrival = (bytes: Uint8Array, receivedAtMs = nowMs): Arrival => ({
    siteId,
    gatewayId: 'gw-1',
    receivedAtMs,
    bytes,
  });
  const catchUp = async () => {
    for (const { shard, windows } of requested.splice(0)) await rollUp(store)(shard, windows);
  };
  return { store, deps, published, requested, place, arrival, ingest: ingestBatch(deps), catchUp };
};

describe('ingest', () => {
  it('keeps a batch in raw and live, once, however often it is delivered', async () => {
    const { ingest, place, arrival, store } = start(1);
    const bytes = batchBytes(
      minerIds(250).map((id) => healthy(id, nowMs - 1_000)),
      1,
      place,
    );
    expect(await ingest(arrival(bytes))).toMatchObject({
      outcome: 'stored',
      readings: 250,
      unknownMiners: 0,
      anomalies: 0,
    });
    expect(await ingest(arrival(bytes))).toMatchObject({ outcome: 'known' });
    const live = await readLive(store)(1);
    expect(live).toHaveLength(250);
    expect(live[0]?.mean).toEqual({ samples: 1, hashrateThs: 95, powerW: 3250 });
    expect(await readRecentReadings(store)(1, 'm-007', 0)).toEqual([healthy('m-007', nowMs - 1_000)]);
  });

  it('lets no gateway speak for a miner of another', async () => {
    const { ingest, place, arrival, store } = start(41);
    const mixed = batchBytes(
      [healthy('m-001', nowMs), healthy('other-1', nowMs), healthy('new-1', nowMs)],
      1,
      place,
    );
    expect(await ingest(arrival(mixed))).toMatchObject({
      outcome: 'stored',
      readings: 2,
      droppedReadings: 1,
      unknownMiners: 1,
    });
    expect((await readLive(store)(41)).map(({ reading }) => reading.minerId)).toEqual(['m-001', 'new-1']);
    const stolen = batchBytes([healthy('other-1', nowMs)], 2, place);
    expect(await ingest(arrival(stolen))).toEqual({ outcome: 'set_aside', fault: 'FOREIGN_MINER' });
  });

  it('detects within the batch, and announces again what a crash kept from being announced', async () => {
    let broken = true;
    const announced: AnomaliesDetected[] = [];
    const { ingest, place, arrival } = start(2, {
      publish: async (detected) => {
        if (broken) throw new Error('the bus is away');
        announced.push(detected);
      },
    });
    const hot = (at: number) => [
      ...minerIds(6).map((id) => healthy(id, at)),
      healthy('m-900', at, { chipTempC: 99 }),
    ];
    const bytes = batchBytes(hot(nowMs), 1, place);
    await expect(ingest(arrival(bytes))).rejects.toThrow('the bus is away');
    broken = false;
    expect(await ingest(arrival(bytes))).toMatchObject({ outcome: 'known', anomalies: 1 });
    expect(
      announced.map(({ anomalies }) =>
        anomalies.map(({ minerId, kind, severity }) => ({ minerId, kind, severity })),
      ),
    ).toEqual([[{ minerId: 'm-900', kind: 'overheating', severity: 'P1' }]]);
    expect(announced[0]?.anomalies[0]?.reason.en).toContain('99 °C');
  });

  it('lets two functions work on one shard at once', async () => {
    const one = start(3);
    const other = ingestBatch({
      ...one.deps,
      ...cachedBlocks({ readBlock: readBlock(one.store), commitBatch: commitBatch(one.store) }),
    });
    const batches = Array.from({ length: 12 }, (_, index) =>
      batchBytes([healthy(`m-${index}`, nowMs - 1_000 * index)], index + 1, one.place),
    );
    await Promise.all(batches.map((bytes, index) => (index % 2 ? one.ingest : other)(one.arrival(bytes))));
    expect(await readLive(one.store)(3)).toHaveLength(12);
  });

  it.each([
    ['BAD_MAGIC', () => new TextEncoder().encode('garbage'), 'gw-1'],
    [
      'BAD_COMPRESSION',
      () =>
        batchBytes([healthy('m-1', nowMs)], 1, { siteId: 4, gatewayId: 'gw-1', shard: 0 }).subarray(0, 40),
      'gw-1',
    ],
    [
      'WRONG_PLACE',
      () => batchBytes([healthy('m-1', nowMs)], 1, { siteId: 77, gatewayId: 'gw-1', shard: 0 }),
      'gw-1',
    ],
    [
      'UNKNOWN_GATEWAY',
      () => batchBytes([healthy('m-1', nowMs)], 1, { siteId: 4, gatewayId: 'gw-9', shard: 0 }),
      'gw-9',
    ],
    [
      'FROM_THE_FUTURE',
      () => batchBytes([healthy('m-1', nowMs + 3_600_000)], 1, { siteId: 4, gatewayId: 'gw-1', shard: 0 }),
      'gw-1',
    ],
  ])('sets aside a batch with %s and changes nothing else', async (fault, bytes, gatewayId) => {
    const site = 4;
    const { ingest, store } = start(site);
    const receivedAtMs = nowMs + fault.length;
    for (let delivery = 0; delivery < 2; delivery++)
      expect(await ingest({ siteId: site, gatewayId, receivedAtMs, bytes: bytes() })).toEqual({
        outcome: 'set_aside',
        fault,
      });
    const { entries } = await listEntries(store)(site, nowMs, 50);
    expect(entries.filter((entry) => entry.fault === fault)).toHaveLength(1);
    expect(await readLive(store)(site)).toEqual([]);
  });

  it('takes an impossible value out of its reading and keeps the rest', async () => {
    const { ingest, place, arrival, store } = start(5);
    const bytes = batchBytes([healthy('m-1', nowMs, { chipTempC: 4_000 }), healthy('m-2', nowMs)], 1, place);
    expect(await ingest(arrival(bytes))).toMatchObject({
      outcome: 'stored',
      readings: 2,
      droppedValues: 1,
      anomalies: 0,
    });
    const [first] = await readLive(store)(5);
    expect(first?.reading.values.chipTempC).toBeUndefined();
    expect(first?.reading.values.powerW).toBe(3250);
  });

  it('rolls replayed history of another year up at once, into equal means and counts', async () => {
    const { ingest, place, arrival, store, catchUp } = start(6);
    const day = Date.parse('2025-06-18T00:00:00.000Z');
    const samples = Array.from({ length: 60 }, (_, index) =>
      healthy('m-1', day + 1_000 + index * 30_000, {
        hashrateThs: 90 + (index % 7),
        acceptedShares: index * 3,
      }),
    );
    const sent = [samples.slice(40), samples.slice(0, 40)];
    for (const [index, part] of sent.entries()) await ingest(arrival(batchBytes(part, index + 1, place)));
    await catchUp();
    const windows = await readWindowSeries(store)(6, 'm-1', day, day + 86_400_000);
    expect(windows.map(({ of }) => of.samples)).toEqual([10, 10, 10, 10, 10, 10]);
    const sum = windows.reduce((total, { of }) => total + (of.gauges.hashrateThs?.[1] ?? 0), 0);
    expect(sum / scaleOf('hashrateThs')).toBeCloseTo(
      samples.reduce((total, { values }) => total + (values.hashrateThs ?? 0), 0),
      6,
    );
    const [today] = await readDailySeries(store)(6, 'm-1', day, day + 1);
    expect(today?.of).toMatchObject({
      samples: 60,
      availabilityPct: 100,
      acceptedShares: 177,
      energyKwh: 1.625,
    });
    expect((await readRecentReadings(store)(6, 'm-1', day)).length).toBe(60);
  });
});
