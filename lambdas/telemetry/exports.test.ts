import { gunzipSync } from 'node:zlib';
import { S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { exportView, newExport } from '../../contracts/api-telemetry-export.ts';
import { toColumns } from '../../contracts/telemetry-columns.ts';
import { startTestS3 } from '../../local/s3/test-s3.ts';
import { clientOf } from '../../local/testing/peer.ts';
import type { RegisteredMiner } from '../fleet/fleet-directory.ts';
import { orderOf } from './export-order.ts';
import { insertExport, listExports, readExport, settleExport } from './export-repository.ts';
import { exportSource } from './export-rows.ts';
import { exportUrl, keepExport, putExport } from './keep-export.ts';
import { makeExport } from './make-export.ts';
import { presentExport } from './present-export.ts';
import { type ExportDue, requestExport } from './request-export.ts';
import { deliver, newWorld, settle, startTables, type World } from './test-tiers.ts';
import { tierReaders } from './tier-readers.ts';
import { keptMs } from './windows.ts';

const bucket = 'blocks';
const startMs = Date.parse('2027-05-01T10:00:00Z');
const hourMs = 3_600_000;
let nowMs = startMs + 2 * hourMs;
const site = { site_id: 7, name: 'S', capacity_kw: 1, time_zone: 'UTC', created_at: '2027-01-01T00:00:00Z' };
const registered: RegisteredMiner[] = ['m-1', 'm-2'].map((minerId) => ({
  minerId,
  vendor: 'antminer',
  model: 'Antminer S21',
  zoneId: 'A',
  gatewayId: 'gw-1',
  ratedHashrateThs: 200,
  ratedPowerW: 3500,
}));

let tables: Awaited<ReturnType<typeof startTables>>;
let store: Awaited<ReturnType<typeof startTestS3>>;
let s3: S3Client;
let world: World;
beforeAll(async () => {
  tables = await startTables();
  store = await startTestS3(bucket);
  s3 = new S3Client({ ...clientOf(store.endpoint), forcePathStyle: true });
  world = newWorld(tables.db, await tables.newTable(), 'UTC', () => nowMs);
  const readings = Array.from({ length: 60 }, (_, minute) => minute).flatMap((minute) =>
    registered.map(({ minerId }) => ({
      minerId,
      sampledAtMs: startMs + minute * 60_000,
      state: 'hashing' as const,
      values: { hashrateThs: 200, powerW: 3_500 },
    })),
  );
  const shard = { siteId: 7, gatewayId: 'gw-1', shard: 0 };
  await deliver(world, { ...shard, sequence: 1, columns: toColumns(readings) });
  await settle(world, [shard]);
}, 60_000);
afterAll(async () => {
  s3?.destroy();
  await store?.close();
  await tables?.close();
});

const readMiners = async () => registered;
const queue: ExportDue[] = [];
const ask = (asked: Record<string, unknown>) => {
  const body = newExport.parse({
    site_id: 7,
    from: '2027-05-01T10:00:00Z',
    to: '2027-05-01T11:00:00Z',
    ...asked,
  });
  const request = requestExport({
    readMiners,
    insert: insertExport(world),
    send: async (due) => {
      queue.push(due);
    },
  });
  return request(orderOf(site, body, body.miner_ids), 1, nowMs);
};
let written = 0;
const work = () =>
  keepExport({
    read: readExport(world),
    settle: settleExport(world),
    make: makeExport({ readMiners, source: exportSource(tierReaders(world, 'UTC')) }),
    put: async (key, file) => {
      written += 1;
      await putExport(s3, bucket)(key, file);
    },
  });
const view = async (exportId: string) => {
  const job = await readExport(world)(7, exportId, nowMs);
  return job && exportView.parse(await presentExport(job, exportUrl(s3, bucket), nowMs));
};

it.each(['csv', 'parquet'] as const)(
  'makes a %s file once, which its address gives to whoever has it',
  async (format) => {
    const job = await ask({ format });
    if (!job.ok) throw new Error(job.failure.message);
    const id = job.value.export_id;
    expect(await view(id)).toMatchObject({ status: 'queued', format });
    const due = queue.splice(0);
    expect(due).toEqual([{ siteId: 7, exportId: id }]);
    written = 0;
    for (let delivery = 0; delivery < 2; delivery++) await work()(7, id, () => nowMs);
    expect(written).toBe(1);
    const done = await view(id);
    expect(done).toMatchObject({ status: 'done', rows: 24, finished_at: new Date(nowMs).toISOString() });
    const got = await fetch(done?.url ?? '');
    expect(got.headers.get('content-disposition')).toBe(`attachment; filename="${done?.file_name}"`);
    const bytes = Buffer.from(await got.arrayBuffer());
    expect(bytes.length).toBe(done?.bytes);
    if (format === 'csv') expect(gunzipSync(bytes).toString('utf8').trimEnd().split('\r\n')).toHaveLength(25);
    else expect(bytes.subarray(0, 4).toString('latin1')).toBe('PAR1');
    const altered = await fetch(`${done?.url}0`);
    expect(altered.status).toBe(403);
  },
);

it('refuses an export that is too large before it is queued', async () => {
  const many = Array.from({ length: 1_000 }, (_, at) => `x-${at}`);
  const refused = await ask({ miner_ids: many, from: '2027-04-01T00:00:00Z', to: '2027-05-01T00:00:00Z' });
  expect(refused).toMatchObject({
    failure: { issues: [{ field: 'from', message: expect.stringContaining('the limit is 3000000') }] },
  });
  expect(queue).toEqual([]);
});

it('fails with the reason where nothing can be made any more', async () => {
  const job = await ask({ zone_id: 'A' });
  if (!job.ok) throw new Error(job.failure.message);
  const id = job.value.export_id;
  const make = makeExport({ readMiners: async () => [], source: exportSource(tierReaders(world, 'UTC')) });
  const keep = keepExport({
    read: readExport(world),
    settle: settleExport(world),
    make,
    put: async () => {
      throw new Error('is not to be written');
    },
  });
  await keep(7, id, () => nowMs);
  expect(await view(id)).toMatchObject({ status: 'failed', reason: 'No miner of this site fits' });
});

it('shows a site its own exports, newest first, for seven days', async () => {
  const job = await ask({});
  if (!job.ok) throw new Error(job.failure.message);
  const id = job.value.export_id;
  expect(await readExport(world)(8, id, nowMs)).toBeUndefined();
  expect(await listExports(world)(8, nowMs, 10)).toEqual([]);
  expect((await listExports(world)(7, nowMs, 10)).length).toBeGreaterThan(0);
  nowMs += keptMs.export + 1;
  expect(await readExport(world)(7, id, nowMs)).toBeUndefined();
  expect(await listExports(world)(7, nowMs, 10)).toEqual([]);
});
