import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { buildApp } from 'fauxqs';
// The package's own start function listens on every interface, so its stores are composed here and bound to loopback.
import { PersistenceManager } from '../../node_modules/fauxqs/dist/persistence.js';
import { S3Store } from '../../node_modules/fauxqs/dist/s3/s3Store.js';
import { SnsStore } from '../../node_modules/fauxqs/dist/sns/snsStore.js';
import { SqsStore } from '../../node_modules/fauxqs/dist/sqs/sqsStore.js';

export type FauxqsServer = {
  readonly endpoint: string;
  readonly queues: SqsStore;
  /** Called with the bytes of each request and its answer. */
  readonly onRequest: (observe: (bytesIn: number, bytesOut: number) => void) => void;
  readonly close: () => Promise<void>;
};

const openStore = (directory: string) => {
  mkdirSync(directory, { recursive: true });
  const store = new PersistenceManager(directory);
  const database: unknown = Reflect.get(store, 'db');
  // With a write-ahead log this keeps whole what a crash of the process leaves; only a power cut loses the last moment.
  if (!(database instanceof DatabaseSync))
    throw new Error('fauxqs keeps its state in another way than it did');
  database.exec('PRAGMA synchronous = NORMAL');
  // Its own statement also clears the count of receives, which the schema forbids: a visibility of 0 would lose the message.
  const release = database.prepare(
    'UPDATE sqs_messages SET receipt_handle = NULL, visibility_deadline = NULL WHERE message_id = ?',
  );
  store.updateMessageReady = (messageId) => void release.run(messageId);
  return store;
};

/** fauxqs (SQS) on a free loopback port, its state in SQLite files under `directory`. */
export const startFauxqsServer = async (directory: string): Promise<FauxqsServer> => {
  const queues = new SqsStore();
  const topics = new SnsStore();
  const queueFile = openStore(join(directory, 'sqs'));
  queueFile.loadSqsAndSns(queues, topics);
  queues.persistence = queueFile;
  for (const queue of queues.allQueues()) queue.persistence = queueFile;
  const app = buildApp({
    logger: false,
    defaultRegion: 'us-east-1',
    stores: { sqsStore: queues, snsStore: topics, s3Store: new S3Store() },
  });
  const observers: ((bytesIn: number, bytesOut: number) => void)[] = [];
  app.addHook('onResponse', async (request, reply) => {
    for (const observe of observers)
      observe(Number(request.headers['content-length'] ?? 0), Number(reply.getHeader('content-length') ?? 0));
  });
  const endpoint = await app.listen({ host: '127.0.0.1', port: 0 });
  return {
    endpoint,
    queues,
    onRequest: (observe) => void observers.push(observe),
    close: async () => {
      await app.close();
      queueFile.close();
    },
  };
};
