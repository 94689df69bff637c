/**
 * A spool in a process of its own, to be killed at any instant: puts, folds, hands over, sends, takes receipts, thins and drops,
 * and says on standard output what has returned. Arguments: directory, seed, spool bytes.
 */
import { createHash } from 'node:crypto';
import { writeSync } from 'node:fs';
import { logNothing } from '../log.ts';
import { batcher } from '../polling/batcher.ts';
import { foldSlots } from '../state/make-room.ts';
import { receiptTaker } from '../state/receipts.ts';
import { Spool } from '../state/spool.ts';
import { StateFile } from '../state/state-file.ts';
import { bytesOf } from './envelopes.ts';
import { place } from './memory-bus.ts';
import { randomFrom } from './random.ts';
import { type FromVictim, victimStartMs } from './victim-words.ts';

const [directory = '', seed = '1', spoolBytes = '1'] = process.argv.slice(2);
const random = randomFrom(Number(seed));
const state = new StateFile(directory);
let nowMs = Math.max(victimStartMs, state.counter('victim_ms') + 60_000);
const spool = new Spool(state, victimStartMs);
const fold = { spool, place, maxBytes: 16 * 1_024 };
const pack = batcher({ ...fold, spoolBytes: Number(spoolBytes), nowMs: () => nowMs });
const takeReceipt = receiptTaker({
  spool,
  place,
  nowMs: () => nowMs,
  log: logNothing,
  gone: () => undefined,
  wake: () => undefined,
});
const say = (words: FromVictim) => writeSync(1, `${JSON.stringify(words)}\n`);

const put = (shard: number) => {
  const miners = 20 + Math.floor(random() * 200);
  foldSlots(fold, shard, nowMs, 300_000);
  const readings = Array.from({ length: miners }, (_, at) => ({
    minerId: `m-${shard}-${at}`,
    sampledAtMs: nowMs + at,
    state: 'hashing' as const,
    values: { hashrateThs: random() * 200, powerW: random() * 4_000 },
  }));
  const { sequences } = pack(shard, readings);
  say({ did: 'put', shard, miners, atMs: nowMs, sequences: [...sequences] });
};

const handAndSend = () => {
  const some = spool.waiting('backlog', Number.MAX_SAFE_INTEGER, 1 + Math.floor(random() * 4));
  const sequences = some.map(({ sequence }) => sequence);
  spool.hand(sequences);
  for (const sequence of sequences) {
    const digest = createHash('sha256')
      .update(spool.payload(sequence) ?? '')
      .digest('hex');
    say({ did: 'hand', sequence, digest });
  }
  if (random() < 0.8) spool.sent(sequences, nowMs, 900_000);
};

const receive = (shard: number) => {
  const { previousSequence } = spool.nextOf(shard);
  const through = Math.max(0, previousSequence - Math.floor(random() * 30));
  say({ did: 'cover', shard, through });
  const shards = [{ shard, through, highest: through, gaps: [] }];
  takeReceipt(bytesOf({ version: 1, ...place, issuedAtMs: nowMs, shards }));
};

/** A small spool is filled, a large one emptied, too. */
const puts = Number(spoolBytes) > 1e6 ? 0.6 : 0.8;
say({ did: 'open' });
for (;;) {
  const shard = Math.floor(random() * 3);
  const dice = random();
  if (dice < puts) put(shard);
  else if (dice < 0.85) handAndSend();
  else if (dice < 0.95) receive(shard);
  else spool.requeueOverdue(nowMs);
  nowMs += 20_000;
  state.setCounter('victim_ms', nowMs);
}
