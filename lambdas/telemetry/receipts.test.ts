import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { telemetryReceipt } from '../../contracts/telemetry-receipt.ts';
import { startTables } from '../../test/support/tables.ts';
import { memoryBlockStore } from './block-store.ts';
import { dueReceipts } from './gateway-receipts.ts';
import { encodeLive } from './live-codec.ts';
import { readHeads, writeShard } from './live-repository.ts';
import { emptyState } from './live-state.ts';
import { lossesOf, recordGone } from './loss-repository.ts';
import { noteSent, readSent } from './receipt-repository.ts';
import { noSequences, noteSequence, type SequenceState } from './sequence-state.ts';

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
  blocks: memoryBlockStore(),
});
const took = (...batches: (readonly [sequence: number, previous: number])[]) =>
  batches.reduce(
    (state, [sequence, previous]) => noteSequence(state, sequence, previous, nowMs),
    noSequences,
  );

const write = async (siteId: number, shard: number, sequences: SequenceState, version = 0) => {
  const live = { ...emptyState({ siteId, gatewayId: 'gw-1', shard }), version };
  const bytes = encodeLive(live, { batch: undefined, others: undefined });
  expect(await writeShard(storeOf())({ live, bytes, sequences })).toBe(true);
};

describe('receipts', () => {
  it('are sent when something has changed or the gateway asks, and then no more', async () => {
    const store = storeOf();
    await write(1, 0, took([4, 0], [9, 7]));
    await write(1, 1, took([5, 0]));
    const due = async (atMs: number) => {
      const receipts = dueReceipts(await readHeads(store)(1), await readSent(store)(1), atMs);
      for (const { receipt, sent } of receipts) await noteSent(store)(1, receipt.gatewayId, sent);
      return receipts.map(({ receipt }) => telemetryReceipt.parse(receipt));
    };
    expect(await due(nowMs)).toEqual([
      {
        version: 1,
        siteId: 1,
        gatewayId: 'gw-1',
        issuedAtMs: nowMs,
        shards: [
          { shard: 0, through: 4, highest: 9, gaps: [{ after: 4, before: 9 }] },
          { shard: 1, through: 5, highest: 5, gaps: [] },
        ],
      },
    ]);
    expect(await due(nowMs + 60_000)).toEqual([]);
    await write(1, 0, took([4, 0], [9, 7], [7, 4]), 1);
    expect(await due(nowMs + 120_000)).toMatchObject([{ shards: [{ through: 9, gaps: [] }, { shard: 1 }] }]);
    const heads = (await readHeads(store)(1)).map((head) => ({ ...head, asked_ms: nowMs + 125_000 }));
    expect(dueReceipts(heads, await readSent(store)(1), nowMs + 180_000)).toHaveLength(1);
  });
});

describe('what is gone', () => {
  it('is lost once, for everybody to see, and no longer asked for', async () => {
    const store = storeOf();
    const shard = { siteId: 2, gatewayId: 'gw-1', shard: 0 };
    await write(2, 0, took([4, 0], [9, 7], [30, 20]));
    const gone = [{ after: 4, before: 30 }];
    const lost = [
      { after: 4, before: 9 },
      { after: 9, before: 30 },
    ];
    expect(await recordGone(store)(shard, gone, 'acme', nowMs)).toEqual(lost);
    expect(await recordGone(store)(shard, gone, 'acme', nowMs)).toEqual([]);
    expect(await lossesOf(store)(2)).toEqual(
      lost.map((gap) => ({ gateway_id: 'gw-1', shard: 0, ...gap, lost_at_ms: nowMs })),
    );
    expect(await readHeads(store)(2)).toMatchObject([{ version: 2, highest: 30, gaps: [] }]);
  });
});
