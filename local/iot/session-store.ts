import { existsSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { Readable } from 'node:stream';
import * as z from 'zod';
import { matchesFilter } from './topic-filter.ts';

type Client = { readonly id: string };
type Subscription = { readonly topic: string; readonly qos: number };
type Packet = {
  readonly cmd: 'publish';
  readonly brokerId: string;
  readonly brokerCounter: number;
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: number;
  readonly retain: boolean;
  readonly dup: boolean;
  messageId?: number | undefined;
};

const schema = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  CREATE TABLE IF NOT EXISTS sessions (client TEXT PRIMARY KEY, gone_ms INTEGER) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS subscriptions (client TEXT, topic TEXT, qos INTEGER NOT NULL, PRIMARY KEY (client, topic)) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS outgoing (
    seq INTEGER PRIMARY KEY, client TEXT NOT NULL, broker TEXT NOT NULL, counter INTEGER NOT NULL, message INTEGER,
    topic TEXT NOT NULL, payload BLOB NOT NULL, qos INTEGER NOT NULL, retain INTEGER NOT NULL) STRICT;
  CREATE INDEX IF NOT EXISTS outgoing_of_client ON outgoing (client, seq);
  CREATE TABLE IF NOT EXISTS retained (topic TEXT PRIMARY KEY, payload BLOB NOT NULL, qos INTEGER NOT NULL) STRICT;
`;
const blob = z.instanceof(Uint8Array).transform((bytes) => Buffer.from(bytes));
const outgoingRow = z.object({
  seq: z.number(),
  broker: z.string(),
  counter: z.number(),
  message: z.number().nullable(),
  topic: z.string(),
  payload: blob,
  qos: z.number(),
  retain: z.number(),
});
const subscriptionRow = z.object({ client: z.string(), topic: z.string(), qos: z.number() });
const retainedRow = z.object({ topic: z.string(), payload: blob, qos: z.number() });

const packetOf = (row: z.output<typeof outgoingRow>): Packet => ({
  cmd: 'publish',
  brokerId: row.broker,
  brokerCounter: row.counter,
  topic: row.topic,
  payload: row.payload,
  qos: row.qos,
  retain: row.retain === 1,
  dup: row.message !== null,
  ...(row.message !== null && { messageId: row.message }),
});

/**
 * Where aedes keeps persistent sessions: their subscriptions and the QoS 1 messages that wait for them, in an SQLite
 * file, so that a command sent while a gateway, or the runtime itself, was down still arrives. A session ends
 * `expiryMs` after its client has gone.
 */
export const openSessionStore = (file: string, expiryMs: number) => {
  if (!existsSync(file)) writeFileSync(file, '', { mode: 0o600 });
  const db = new DatabaseSync(file);
  db.exec(schema);
  const sql = {
    seen: db.prepare(
      'INSERT INTO sessions VALUES (?, ?) ON CONFLICT (client) DO UPDATE SET gone_ms = excluded.gone_ms',
    ),
    allGone: db.prepare('UPDATE sessions SET gone_ms = ? WHERE gone_ms IS NULL'),
    expired: db.prepare('SELECT client FROM sessions WHERE gone_ms < ?'),
    dropSession: db.prepare('DELETE FROM sessions WHERE client = ?'),
    subscribe: db.prepare('INSERT OR REPLACE INTO subscriptions VALUES (?, ?, ?)'),
    unsubscribe: db.prepare('DELETE FROM subscriptions WHERE client = ? AND topic = ?'),
    unsubscribeAll: db.prepare('DELETE FROM subscriptions WHERE client = ?'),
    subscriptions: db.prepare('SELECT * FROM subscriptions'),
    enqueue: db.prepare(
      'INSERT INTO outgoing (client, broker, counter, topic, payload, qos, retain) VALUES (?, ?, ?, ?, ?, ?, ?)',
    ),
    number: db.prepare('UPDATE outgoing SET message = ? WHERE client = ? AND broker = ? AND counter = ?'),
    isSent: db.prepare(
      'SELECT 1 FROM outgoing WHERE client = ? AND broker = ? AND counter = ? AND message IS NOT NULL',
    ),
    next: db.prepare('SELECT * FROM outgoing WHERE client = ? AND seq > ? ORDER BY seq LIMIT 1'),
    byMessage: db.prepare('SELECT * FROM outgoing WHERE client = ? AND message = ? ORDER BY seq LIMIT 1'),
    dequeue: db.prepare('DELETE FROM outgoing WHERE seq = ?'),
    dequeueAll: db.prepare('DELETE FROM outgoing WHERE client = ?'),
    retain: db.prepare('INSERT OR REPLACE INTO retained VALUES (?, ?, ?)'),
    unretain: db.prepare('DELETE FROM retained WHERE topic = ?'),
    retained: db.prepare('SELECT * FROM retained'),
  };
  const filters = new Map<string, Map<string, number>>();
  for (const row of sql.subscriptions.all()) {
    const { client, topic, qos } = subscriptionRow.parse(row);
    filters.set(client, (filters.get(client) ?? new Map()).set(topic, qos));
  }
  sql.allGone.run(Date.now());
  const wills = new Map<string, object>();
  /** Clients that are being sent what waited for them; by packet, who waits for its turn to be over. */
  const draining = new WeakSet<Client>();
  const turns = new Map<string, () => void>();
  const turnOf = (client: string, { brokerId: broker, brokerCounter }: Packet) =>
    `${client} ${broker} ${brokerCounter}`;
  let brokerId = '';
  let open = true;

  const forget = (client: string) => {
    filters.delete(client);
    sql.unsubscribeAll.run(client);
    sql.dequeueAll.run(client);
    sql.dropSession.run(client);
  };
  const expire = (nowMs: number) => {
    for (const row of sql.expired.all(nowMs - expiryMs))
      forget(z.object({ client: z.string() }).parse(row).client);
  };
  const enqueue = (
    client: string,
    { brokerId: broker, brokerCounter, topic, payload, qos, retain }: Packet,
  ) => void sql.enqueue.run(client, broker, brokerCounter, topic, Buffer.from(payload), qos, retain ? 1 : 0);
  const retained = (patterns: readonly string[]) =>
    sql.retained
      .all()
      .map((row) => retainedRow.parse(row))
      .filter(({ topic }) => patterns.some((pattern) => matchesFilter(pattern, topic)))
      .map((row) => ({ cmd: 'publish', retain: true, ...row }));

  /** What waits for a client, one after the other, with what is added meanwhile: nothing newer overtakes it. */
  async function* waiting(client: Client) {
    for (let seq = 0; open; ) {
      const found = sql.next.get(client.id, seq);
      if (found === undefined) break;
      const row = outgoingRow.parse(found);
      seq = row.seq;
      const packet = packetOf(row);
      const turn = Promise.withResolvers<void>();
      turns.set(turnOf(client.id, packet), turn.resolve);
      yield packet;
      await turn.promise;
    }
    draining.delete(client);
  }

  return {
    /** From now until all that waits was sent, newer messages queue up behind it. */
    beginDrain: (client: Client) => void draining.add(client),
    /** Whether a message that arrives for a connected client comes, or came, to it out of its queue instead. */
    isQueued: (client: Client, packet: Pick<Packet, 'brokerId' | 'brokerCounter'>) =>
      draining.has(client) || sql.isSent.get(client.id, packet.brokerId, packet.brokerCounter) !== undefined,
    /** Ends what has been gone for too long. */
    expire,
    /** Ends a client's session with all that waits for it. */
    forget,
    connected: (client: string) => void sql.seen.run(client, null),
    disconnected: (client: string) => {
      for (const [turn, end] of turns)
        if (turn.startsWith(`${client} `)) {
          turns.delete(turn);
          end();
        }
      if (open) sql.seen.run(client, Date.now());
    },
    close: () => {
      open = false;
      db.close();
    },
    /** The interface that aedes asks of a persistence. */
    persistence: {
      setup: async (broker: { readonly id: string }) => {
        brokerId = broker.id;
      },
      storeRetained: async ({ topic, payload, qos }: Packet) => {
        if (payload.length === 0) sql.unretain.run(topic);
        else sql.retain.run(topic, Buffer.from(payload), qos);
      },
      createRetainedStream: (pattern: string) => Readable.from(retained([pattern])),
      createRetainedStreamCombi: (patterns: readonly string[]) => Readable.from(retained(patterns)),
      addSubscriptions: async (client: Client, subscriptions: readonly Subscription[]) => {
        const own = filters.get(client.id) ?? new Map<string, number>();
        filters.set(client.id, own);
        for (const { topic, qos } of subscriptions) {
          own.set(topic, qos);
          sql.subscribe.run(client.id, topic, qos);
        }
      },
      removeSubscriptions: async (client: Client, topics: readonly string[]) => {
        for (const topic of topics) {
          filters.get(client.id)?.delete(topic);
          sql.unsubscribe.run(client.id, topic);
        }
      },
      subscriptionsByClient: async (client: Client) =>
        [...(filters.get(client.id) ?? [])].map(([topic, qos]) => ({ topic, qos })),
      subscriptionsByTopic: async (topic: string) =>
        [...filters].flatMap(([clientId, own]) => {
          const matching = [...own].filter(([filter, qos]) => qos > 0 && matchesFilter(filter, topic));
          // Overlapping subscriptions of one client get one copy.
          return matching.slice(0, 1).map(([filter, qos]) => ({ clientId, topic: filter, qos }));
        }),
      countOffline: async () => ({ subsCount: 0, clientsCount: filters.size }),
      cleanSubscriptions: async (client: Client) => forget(client.id),
      outgoingEnqueue: async ({ clientId }: { readonly clientId: string }, packet: Packet) =>
        enqueue(clientId, packet),
      outgoingEnqueueCombi: async (
        subscriptions: readonly { readonly clientId: string }[],
        packet: Packet,
      ) => {
        for (const { clientId } of subscriptions) enqueue(clientId, packet);
      },
      outgoingUpdate: async (client: Client, packet: Packet) => {
        const { brokerId: broker, brokerCounter, messageId } = packet;
        const { changes } = sql.number.run(messageId ?? null, client.id, broker, brokerCounter);
        const turn = turnOf(client.id, packet);
        turns.get(turn)?.();
        turns.delete(turn);
        if (Number(changes) === 0) throw new Error('no such packet');
      },
      outgoingClearMessageId: async (client: Client, { messageId }: { readonly messageId?: number }) => {
        const found = messageId === undefined || !open ? undefined : sql.byMessage.get(client.id, messageId);
        if (found === undefined) return undefined;
        const row = outgoingRow.parse(found);
        sql.dequeue.run(row.seq);
        return packetOf(row);
      },
      outgoingStream: (client: Client) => Readable.from(waiting(client)),
      // QoS 2 is refused before it comes here.
      incomingStorePacket: async () => {},
      incomingGetPacket: async () => {
        throw new Error('no such packet');
      },
      incomingDelPacket: async () => {},
      cleanIncoming: async () => {},
      putWill: async (client: Client, will: object) => {
        wills.set(client.id, Object.assign(will, { brokerId, clientId: client.id }));
      },
      getWill: async (client: Client) => wills.get(client.id),
      delWill: async (client: Client) => {
        const will = wills.get(client.id);
        wills.delete(client.id);
        return will;
      },
      streamWill: () => Readable.from([]),
      getClientList: (topic: string) =>
        Readable.from([...filters].filter(([, own]) => own.has(topic)).map(([client]) => client)),
      destroy: async () => {},
    },
  };
};
export type SessionStore = ReturnType<typeof openSessionStore>;
