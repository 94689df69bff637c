import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AnomaliesDetected } from '../../contracts/alert.ts';
import { encodeBatch } from '../../contracts/telemetry-batch.ts';
import { startTables } from '../../test/support/tables.ts';
import { forgetBatches, pendingBatches } from './batch-repository.ts';
import { memoryBlockStore } from './block-store.ts';
import { readFound } from './found-repository.ts';
import { type Arrival, type IngestDeps, ingestBatch } from './ingest-batch.ts';
import { openShard } from './known-shard.ts';
import { encodeLive } from './live-codec.ts';
import { noteAsked, readHeads, readShard, sequencesOf, writeBatch, writeShard } from './live-repository.ts';
import { insertEntry, listEntries } from './quarantine-repository.ts';
import { readLive } from './read-live.ts';
import { readRecentReadings } from './read-telemetry.ts';
import { decodeStored, rollUpShard } from './roll-up-shard.ts';
import { receiptOf } from './sequence-state.ts';
import { shardCache } from './shard-cache.ts';
import type { Shard } from './telemetry-keys.ts';
import { batchBytes, healthy, minerIds, s19 } from './test-batches.ts';

let tables: Awaited<ReturnType<typeof startTables<'telemetry' | 'audit'>>>;
beforeAll(async () => {
  tables = await startTables([{ name: 'telemetry' }, { name: 'audit' }]);
});
afterAll(() => tables.close());

const nowMs = Date.parse('2026-11-21T12:00:00.000Z');
const blocks = memoryBlockStore();
const storeOf = () => ({
  db: tables.db,
  blocks,
  telemetryTable: tables.nameOf('telemetry'),
  auditTable: tables.nameOf('audit'),
  clock: { nowMs: () => nowMs },
});

type Store = ReturnType<typeof storeOf>;
const stored = (store: Store) => {
  const shards = shardCache(readShard(store));
  return {
    readShard: shards.readShard,
    remember: shards.remember,
    writeBatch: writeBatch(store),
    readFound: readFound(store),
    noteAsked: noteAsked(store),
  };
};

/** A site of its own for each test, with everything real but bus, queues and buckets. */
const start = (siteId: number, faults: Partial<IngestDeps> = {}) => {
  const store = storeOf();
  const published: AnomaliesDetected[] = [];
  const requested: Shard[] = [];
  const deps: IngestDeps = {
    readOwner: async (_, gatewayId) => (gatewayId === 'gw-1' ? { tenantId: 'acme' } : undefined),
    readFacts: async () => (id) => (id.startsWith('m-') ? s19 : undefined),
    readForeign: async (_site, _gateway, ids) => new Set(ids.filter((id) => id.startsWith('other-'))),
    ...stored(store),
    publish: async (detected) => void published.push(detected),
    requestRollUp: async (shard) => void requested.push(shard),
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
  /** Every row that waits for the roll-up, as `miner time`. */
  const waiting = async () => {
    const rows: string[] = [];
    for (const batch of await pendingBatches(store)(place)) {
      const { minerIds: ids, miner, sampledAtMs } = decodeStored(await store.blocks.get(batch.stored));
      miner.forEach((one, at) => void rows.push(`${ids[one]} ${(sampledAtMs[at] ?? 0) - nowMs}`));
    }
    return rows.toSorted();
  };
  return { store, deps, published, requested, place, arrival, waiting, ingest: ingestBatch(deps) };
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
    expect(await ingest(arrival(stolen))).toMatchObject({ outcome: 'set_aside', fault: 'FOREIGN_MINER' });
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
    const other = ingestBatch({ ...one.deps, ...stored(one.store) });
    const batches = Array.from({ length: 12 }, (_, index) =>
      batchBytes([healthy(`m-${index}`, nowMs - 1_000 * index)], index + 1, one.place),
    );
    await Promise.all(batches.map((bytes, index) => (index % 2 ? one.ingest : other)(one.arrival(bytes))));
    expect(await readLive(one.store)(3)).toHaveLength(12);
    expect(await one.waiting()).toHaveLength(12);
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
      expect(await ingest({ siteId: site, gatewayId, receivedAtMs, bytes: bytes() })).toMatchObject({
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

  it('asks for a roll-up once a window is over, and at once for history', async () => {
    const { ingest, place, arrival, requested } = start(6);
    const batch = (atMs: number, sequence: number) =>
      arrival(batchBytes([healthy('m-1', atMs)], sequence, place), nowMs + sequence);
    await ingest(batch(nowMs + 1_000, 1));
    await ingest(batch(nowMs + 2_000, 2));
    expect(requested).toEqual([]);
    await ingest(batch(nowMs + 301_000, 3));
    expect(requested).toEqual([place]);
    await ingest(batch(Date.parse('2025-06-18T00:00:00.000Z'), 4));
    expect(requested).toHaveLength(2);
  });

  it('follows the sequences of a shard, and keeps what comes late or again once', async () => {
    const { ingest, place, arrival, store, waiting } = start(7);
    const batch = (sequence: number, previousSequence: number) =>
      arrival(
        encodeBatch({
          ...place,
          sequence,
          previousSequence,
          createdAtMs: nowMs,
          readings: [healthy('m-1', nowMs + sequence * 1_000, { hashrateThs: 90 + sequence })],
        }),
      );
    const receipt = async () => (await readHeads(store)(7)).map((head) => receiptOf(sequencesOf(head)))[0];
    await ingest(batch(1, 0));
    await ingest(batch(7, 5));
    expect(await receipt()).toEqual({ through: 1, highest: 7, gaps: [{ after: 1, before: 7 }] });
    expect(await ingest(batch(7, 5))).toMatchObject({ outcome: 'known' });
    const [head] = await readHeads(store)(7);
    expect(head?.asked_ms).toBe(nowMs);
    await ingest(batch(5, 3));
    await ingest(batch(3, 1));
    expect(await receipt()).toEqual({ through: 7, highest: 7, gaps: [] });
    expect(await waiting()).toEqual(['m-1 1000', 'm-1 3000', 'm-1 5000', 'm-1 7000']);
    const [live] = await readLive(store)(7);
    expect(live).toMatchObject({
      mean: { samples: 4, hashrateThs: 94 },
      reading: { values: { hashrateThs: 97 } },
    });
  });

  it('counts nothing twice when a batch comes again after its roll-up has let go of it', async () => {
    const { ingest, place, arrival, store } = start(8);
    const bytes = batchBytes([healthy('m-1', nowMs), healthy('m-2', nowMs)], 1, place);
    await ingest(arrival(bytes));
    await ingest(arrival(batchBytes([healthy('m-1', nowMs + 5_000)], 2, place)));
    await forgetBatches(store)(await pendingBatches(store)(place));
    expect(await ingest(arrival(bytes))).toMatchObject({ outcome: 'known' });
    expect((await readLive(store)(8)).map(({ mean }) => mean.samples)).toEqual([2, 1]);
  });

  const large = (place: Shard, sequence: number, atMs: number) => {
    const odd = (miner: number, times: number) => (miner * 7_919 * times + sequence * 104_729) % 1_000_003;
    const readings = minerIds(900).map((id, miner) =>
      healthy(id, atMs, {
        acceptedShares: odd(miner, 1),
        rejectedShares: odd(miner, 3),
        hardwareErrors: odd(miner, 5),
        staleShares: odd(miner, 11),
      }),
    );
    return batchBytes(readings, sequence, place);
  };

  it('writes one object for a batch and the live block, which stays while either is needed', async () => {
    const { ingest, place, arrival, store } = start(9);
    const before = blocks.objects.size;
    for (let sequence = 1; sequence <= 5; sequence++) {
      const atMs = nowMs + sequence * 60_000;
      await ingest(arrival(large(place, sequence, atMs), atMs));
    }
    expect(blocks.objects.size - before).toBe(5);
    const rollUp = rollUpShard({
      ...store,
      clock: { nowMs: () => nowMs + 60 * 60_000 },
      readFacts: async () => () => undefined,
      setAside: async () => {},
    });
    while ((await rollUp(place)).isMore);
    const kept = [...blocks.objects.keys()].filter((key) => key.startsWith('batch/9/'));
    expect(kept).toHaveLength(1);
    expect(await readLive(store)(9)).toHaveLength(900);
  });

  it('keeps what was written though the answer was lost', async () => {
    const { deps, place, arrival, store } = start(10);
    const losesAnswers = (db: typeof store.db, isLost: (error?: unknown) => Error) =>
      new Proxy(db, {
        get: (target, name) =>
          name === 'send'
            ? async (command: Parameters<typeof db.send>[0]) => {
                const answer = await target.send(command);
                if (/^(TransactWrite|Put)/.test(command.constructor.name)) throw isLost();
                return answer;
              }
            : Reflect.get(target, name),
      });
    const away = { ...store, db: losesAnswers(store.db, () => new Error('the line is cut')) };
    const bytes = large(place, 1, nowMs);
    await expect(ingestBatch({ ...deps, writeBatch: writeBatch(away) })(arrival(bytes))).rejects.toThrow(
      'the line is cut',
    );
    expect(await readLive(store)(10)).toHaveLength(900);
    expect(await ingestBatch(deps)(arrival(bytes))).toMatchObject({ outcome: 'known', readings: 900 });

    // The SDK's second try meets what its first wrote.
    const refused = () => Object.assign(new Error('no'), { name: 'ConditionalCheckFailedException' });
    const again = { ...store, db: losesAnswers(store.db, refused) };
    const known = await readShard(store)(place);
    const { live, rows } = openShard(known);
    const write = { live, bytes: encodeLive(live, rows), sequences: known.head.sequences };
    expect(await writeShard(again)({ ...write, replaces: known.stored })).toBe(true);
    expect(await readLive(store)(10)).toHaveLength(900);
  });
});
