import type { DatabaseSync } from 'node:sqlite';
import * as z from 'zod';
import { ServiceError } from '../shared/json-service.ts';
import type { Delivery } from './deliveries.ts';
import type { EventMatcher } from './event-pattern.ts';
import { type BusEvent, busNameOf, type EventRouter } from './event-router.ts';

export type Archive = {
  readonly arn: string;
  readonly bus: string;
  readonly matches: EventMatcher | undefined;
  /** 0 keeps for ever. */
  readonly retentionDays: number;
};

const startInput = z.object({
  ReplayName: z.string().regex(/^[.\-_A-Za-z0-9]{1,64}$/),
  Description: z.string().optional(),
  EventSourceArn: z.string(),
  /** Seconds since 1970. */
  EventStartTime: z.number(),
  EventEndTime: z.number(),
  Destination: z.object({ Arn: z.string(), FilterArns: z.array(z.string()).optional() }),
});
const describeInput = z.object({ ReplayName: z.string() });
const storedEvent = z.looseObject({ id: z.string() });
const dayS = 86_400;
const pageSize = 200;

type Place = { readonly region: string; readonly accountId: string };
type Parts = {
  readonly place: Place;
  readonly database: DatabaseSync;
  readonly router: EventRouter;
  /** Stores deliveries, all or none, and sets them going. */
  readonly add: (deliveries: readonly Delivery[]) => void;
};

/**
 * Archives of buses, on disk, and replays of them: an archived event comes on its bus again with `replay-name` beside its detail,
 * to all rules or to those named. As on AWS a replayed event is not archived again.
 */
export const openArchives = ({ place, database, router, add }: Parts) => {
  database.exec(`
    CREATE TABLE IF NOT EXISTS archived (
      id INTEGER PRIMARY KEY AUTOINCREMENT, archive TEXT NOT NULL, at INTEGER NOT NULL, content TEXT NOT NULL);
    CREATE INDEX IF NOT EXISTS archived_at ON archived (archive, at, id);
    CREATE TABLE IF NOT EXISTS replays (name TEXT PRIMARY KEY, content TEXT NOT NULL);`);
  const insert = database.prepare('INSERT INTO archived (archive, at, content) VALUES (?, ?, ?)');
  const forget = database.prepare('DELETE FROM archived WHERE archive = ? AND at < ?');
  const read = database.prepare(
    'SELECT id, content FROM archived WHERE archive = ? AND at >= ? AND at < ? AND id > ? ORDER BY id LIMIT ?',
  );
  const findReplay = database.prepare('SELECT content FROM replays WHERE name = ?');
  const insertReplay = database.prepare('INSERT INTO replays (name, content) VALUES (?, ?)');
  const archives = new Map<string, Archive>();

  const start = (raw: unknown) => {
    const input = startInput.parse(raw);
    const archive = archives.get(input.EventSourceArn);
    if (!archive)
      throw new ServiceError('ResourceNotFoundException', `Archive ${input.EventSourceArn} does not exist.`);
    if (findReplay.get(input.ReplayName))
      throw new ServiceError('ResourceAlreadyExistsException', `Replay ${input.ReplayName} already exists.`);
    if (input.EventStartTime >= input.EventEndTime || busNameOf(input.Destination.Arn) !== archive.bus)
      throw new ServiceError(
        'ValidationException',
        'A replay goes to the bus of its archive, and has a time.',
      );
    const started = Date.now() / 1000;
    const arn = `arn:aws:events:${place.region}:${place.accountId}:replay/${input.ReplayName}`;
    const { Destination } = input;
    const filter = Destination.FilterArns && new Set(Destination.FilterArns);
    let last = 0;
    for (;;) {
      const rows = read.all(archive.arn, input.EventStartTime, input.EventEndTime, last, pageSize);
      const events = rows.map(({ content }) => storedEvent.parse(JSON.parse(String(content))));
      add(
        events.flatMap((event) =>
          router.route(archive.bus, { ...event, 'replay-name': input.ReplayName }, filter),
        ),
      );
      last = Number(rows.at(-1)?.id ?? last);
      if (rows.length < pageSize) break;
    }
    const made = {
      ...input,
      ReplayArn: arn,
      State: 'COMPLETED',
      ReplayStartTime: started,
      ReplayEndTime: Date.now() / 1000,
    };
    insertReplay.run(input.ReplayName, JSON.stringify(made));
    return { ReplayArn: arn, State: 'STARTING', ReplayStartTime: started };
  };

  return {
    addArchive: (archive: Archive) => {
      archives.set(archive.arn, archive);
      if (archive.retentionDays > 0)
        forget.run(archive.arn, Date.now() / 1000 - archive.retentionDays * dayS);
    },
    /** Keeps an event in every archive of its bus that wants it; call it within the transaction that accepts the event. */
    keep: (bus: string, event: BusEvent) => {
      for (const { arn, bus: of, matches } of archives.values())
        if (of === bus && (matches?.(event) ?? true))
          insert.run(arn, Math.floor(Date.parse(String(event.time)) / 1000), JSON.stringify(event));
    },
    operations: {
      StartReplay: start,
      DescribeReplay: (raw: unknown) => {
        const { ReplayName } = describeInput.parse(raw);
        const found = findReplay.get(ReplayName)?.content;
        if (!found)
          throw new ServiceError('ResourceNotFoundException', `Replay ${ReplayName} does not exist.`);
        return JSON.parse(String(found));
      },
    },
  };
};
export type Archives = ReturnType<typeof openArchives>;
