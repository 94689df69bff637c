import { isDeepStrictEqual } from 'node:util';
import * as z from 'zod';
import type { StreamRecord, StreamSource } from '../ports.ts';
import type { Cells } from './cells.ts';
import { streamViewType, type TableDescription } from './table-description.ts';

export type Item = Readonly<Record<string, unknown>>;
/** A record as it is stored: its event id and sequence number follow from its place. */
const image = z.record(z.string(), z.unknown());
const writtenRecord = z.object({
  eventName: z.enum(['INSERT', 'MODIFY', 'REMOVE']),
  eventVersion: z.literal('1.1'),
  eventSource: z.literal('aws:dynamodb'),
  awsRegion: z.string(),
  eventSourceARN: z.string(),
  userIdentity: z
    .object({ type: z.literal('Service'), principalId: z.literal('dynamodb.amazonaws.com') })
    .exactOptional(),
  dynamodb: z.object({
    ApproximateCreationDateTime: z.number(),
    Keys: image,
    NewImage: image.exactOptional(),
    OldImage: image.exactOptional(),
    SizeBytes: z.number(),
    StreamViewType: streamViewType,
  }),
});
type Written = z.infer<typeof writtenRecord>;

const maxBatchBytes = 5 * 1024 * 1024;
/** Read records stay a while, for a reader that is added later with TRIM_HORIZON; unread ones stay until read. */
const keepReadMs = 5 * 60_000;
const keepUnclaimedMs = 24 * 3_600_000;

const sequenceNumber = (seq: number) => `1${String(seq).padStart(20, '0')}`;
const eventId = (seq: number) => seq.toString(16).padStart(32, '0');

/**
 * Change records of all streams, in commit order, written in the transaction of the change itself; and the place of each
 * reader. A reader gets every record at least once, also after a crash, because its place moves only once it is done.
 */
export const openStreamLog = (cells: Cells, region: string, log: (line: string) => void) => {
  const { database } = cells;
  database.exec(`
    CREATE TABLE IF NOT EXISTS stream_records (
      seq INTEGER PRIMARY KEY AUTOINCREMENT, stream TEXT NOT NULL, at INTEGER NOT NULL, record TEXT NOT NULL);
    CREATE INDEX IF NOT EXISTS stream_records_in_order ON stream_records (stream, seq);
    CREATE TABLE IF NOT EXISTS stream_readers (stream TEXT NOT NULL, name TEXT NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (stream, name));`);
  const append = database.prepare('INSERT INTO stream_records (stream, at, record) VALUES (?, ?, ?)');
  const readAfter = database.prepare(
    'SELECT seq, record FROM stream_records WHERE stream = ? AND seq > ? ORDER BY seq LIMIT ?',
  );
  const lastSeq = database.prepare('SELECT coalesce(max(seq), 0) AS seq FROM sqlite_sequence WHERE name = ?');
  const readPlace = database.prepare('SELECT seq FROM stream_readers WHERE stream = ? AND name = ?');
  const movePlace = database.prepare(
    'INSERT INTO stream_readers (stream, name, seq) VALUES (?, ?, ?) ON CONFLICT (stream, name) DO UPDATE SET seq = excluded.seq',
  );
  const trimRead = database.prepare(
    'DELETE FROM stream_records WHERE at < ? AND seq <= (SELECT min(seq) FROM stream_readers r WHERE r.stream = stream_records.stream)',
  );
  const trimUnclaimed = database.prepare(
    'DELETE FROM stream_records WHERE at < ? AND stream NOT IN (SELECT stream FROM stream_readers)',
  );
  const dropStream = database.prepare('DELETE FROM stream_records WHERE stream = ?');
  const dropReaders = database.prepare('DELETE FROM stream_readers WHERE stream = ?');

  const streams = new Set<string>();
  const wakers = new Map<string, Set<() => void>>();
  let touched = new Set<string>();

  const trim = () => {
    trimRead.run(Date.now() - keepReadMs);
    trimUnclaimed.run(Date.now() - keepUnclaimedMs);
  };
  const trimming = setInterval(trim, 60_000).unref();

  /** Writes the record of one change, inside the transaction that makes it. A write that changes nothing leaves none. */
  const record = (
    table: TableDescription,
    keys: Item,
    before: Item | undefined,
    now: Item | undefined,
    byService: boolean,
  ) => {
    const stream = table.LatestStreamArn;
    const view = table.StreamSpecification?.StreamViewType;
    if (
      !stream ||
      !view ||
      (!before && !now) ||
      (before && now && isDeepStrictEqual({ ...before }, { ...now }))
    )
      return;
    const written: Written = {
      eventName: !before ? 'INSERT' : now ? 'MODIFY' : 'REMOVE',
      eventVersion: '1.1',
      eventSource: 'aws:dynamodb',
      awsRegion: region,
      eventSourceARN: stream,
      ...(byService && { userIdentity: { type: 'Service', principalId: 'dynamodb.amazonaws.com' } }),
      dynamodb: {
        ApproximateCreationDateTime: Math.floor(Date.now() / 1000),
        Keys: keys,
        ...(now && view.startsWith('NEW') && { NewImage: now }),
        ...(before && view.includes('OLD') && { OldImage: before }),
        SizeBytes: JSON.stringify(now ?? before).length,
        StreamViewType: view,
      },
    };
    append.run(stream, Date.now(), JSON.stringify(written));
    touched.add(stream);
  };

  /** To be called once a transaction has been committed: readers wake up. */
  const committed = () => {
    if (touched.size === 0) return;
    const woken = touched;
    touched = new Set();
    for (const stream of woken) for (const wake of wakers.get(stream) ?? []) wake();
  };

  const readBatch = (stream: string, place: number, limit: number) => {
    const records: StreamRecord[] = [];
    let last = place;
    let bytes = 0;
    for (const row of readAfter.iterate(stream, place, limit)) {
      const text = String(row.record);
      bytes += text.length;
      if (records.length > 0 && bytes > maxBatchBytes) break;
      last = Number(row.seq);
      const written = writtenRecord.parse(JSON.parse(text));
      records.push({
        eventID: eventId(last),
        ...written,
        dynamodb: { ...written.dynamodb, SequenceNumber: sequenceNumber(last) },
      });
    }
    return { records, last };
  };

  const subscribe: StreamSource['subscribe'] = (stream, reader) => {
    if (!streams.has(stream)) throw new Error(`There is no stream ${stream}`);
    const stored = readPlace.get(stream, reader.name)?.seq;
    let place =
      stored !== undefined
        ? Number(stored)
        : reader.startingPosition === 'LATEST'
          ? Number(lastSeq.get('stream_records')?.seq)
          : 0;
    if (stored === undefined) movePlace.run(stream, reader.name, place);
    let closed = false;
    let wake = () => {};
    const onRecord = () => wake();
    const all = wakers.get(stream) ?? new Set();
    wakers.set(stream, all.add(onRecord));

    const nextRecord = () =>
      new Promise<void>((resolve) => {
        wake = resolve;
      });
    const gather = () =>
      new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, reader.gatherMs);
        wake = () => {
          if (!closed && readBatch(stream, place, reader.maxRecords).records.length < reader.maxRecords)
            return;
          clearTimeout(timer);
          resolve();
        };
      });
    const run = async () => {
      while (!closed) {
        let { records, last } = readBatch(stream, place, reader.maxRecords);
        if (records.length === 0) {
          await nextRecord();
          continue;
        }
        if (reader.gatherMs > 0 && records.length < reader.maxRecords) {
          await gather();
          if (closed) return;
          ({ records, last } = readBatch(stream, place, reader.maxRecords));
        }
        await reader.deliver(records);
        place = last;
        movePlace.run(stream, reader.name, place);
      }
    };
    const running = run().catch((error: unknown) => {
      if (!closed)
        log(
          `stream reader ${reader.name} stopped: ${error instanceof Error ? error.message : String(error)}`,
        );
    });
    return {
      close: async () => {
        closed = true;
        all.delete(onRecord);
        wake();
        await running;
      },
    };
  };

  return {
    record,
    committed,
    forget: () => void touched.clear(),
    subscribe,
    announce: (stream: string) => void streams.add(stream),
    drop: (stream: string) => {
      streams.delete(stream);
      dropStream.run(stream);
      dropReaders.run(stream);
    },
    trim,
    close: () => clearInterval(trimming),
  };
};
export type StreamLog = ReturnType<typeof openStreamLog>;
