import { isDeepStrictEqual } from 'node:util';
import * as z from 'zod';
import {
  type CommandEnvelope,
  type CommandResponse,
  commandEnvelope,
  commandResponse,
} from '../../contracts/command.ts';
import { minerReading } from '../../contracts/reading.ts';
import type { MinerSnapshot } from '../adapters/miner-adapter.ts';
import type { DiskVault } from '../sealing/disk-vault.ts';
import type { StateFile } from '../state/state-file.ts';

/**
 * `accepted`: answered for, the miner not touched. `writing`: the miner may have been touched; a crash here is never
 * answered by a second write. `done`: the answer stands.
 */
type Phase = 'accepted' | 'writing' | 'done';
const snapshotShape = z.strictObject({ reading: minerReading, settings: z.record(z.string(), z.unknown()) });

export type JournalEntry = {
  readonly phase: Phase;
  readonly envelope: CommandEnvelope;
  readonly answer: CommandResponse;
  readonly snapshot?: MinerSnapshot;
  readonly writeAtMs?: number;
};

const entryRow = z.object({
  phase: z.enum(['accepted', 'writing', 'done']),
  envelope: z.string(),
  answer: z.string(),
  snapshot: z.string().nullable(),
  write_at_ms: z.number().nullable(),
});

const toEntry = (row: unknown, vault: DiskVault): JournalEntry => {
  const { phase, envelope, answer, snapshot, write_at_ms: writeAtMs } = entryRow.parse(row);
  return {
    phase,
    envelope: commandEnvelope.parse(JSON.parse(envelope)),
    answer: commandResponse.parse(JSON.parse(answer)),
    ...(snapshot !== null && { snapshot: snapshotShape.parse(JSON.parse(vault.open(snapshot))) }),
    ...(writeAtMs !== null && { writeAtMs }),
  };
};

const columns = 'phase, envelope, answer, snapshot, write_at_ms';

/**
 * What the gateway has been told and has done about it; every change is on the disk when the method returns. Snapshots hold the
 * miners' pools with their passwords, so they lie there sealed.
 */
export class Journal {
  readonly #state: StateFile;
  readonly #vault: DiskVault;

  constructor(state: StateFile, vault: DiskVault) {
    this.#state = state;
    this.#vault = vault;
  }

  get lastSequence() {
    return this.#state.counter('command_sequence');
  }

  /** The answer that this very envelope was given, as it stands now. */
  answerTo(digest: string): CommandResponse | undefined {
    const row = this.#state.db
      .prepare('SELECT command_id, consumed, answer FROM envelope WHERE digest = ?')
      .get(digest);
    if (!row) return undefined;
    const current =
      row.consumed === 1 && typeof row.command_id === 'string' ? this.find(row.command_id) : undefined;
    if (current) return current.answer;
    return typeof row.answer === 'string' ? commandResponse.parse(JSON.parse(row.answer)) : undefined;
  }

  hasNonce(nonce: string) {
    return this.#state.db.prepare('SELECT 1 FROM envelope WHERE nonce = ? LIMIT 1').get(nonce) !== undefined;
  }

  find(commandId: string): JournalEntry | undefined {
    const row = this.#state.db.prepare(`SELECT ${columns} FROM command WHERE command_id = ?`).get(commandId);
    return row && toEntry(row, this.#vault);
  }

  /** What this miner was ordered, oldest first, as far back as the journal keeps it. */
  ofMiner(minerId: string): JournalEntry[] {
    return this.#state.db
      .prepare(`SELECT ${columns} FROM command WHERE json_extract(envelope, '$.minerId') = ? ORDER BY rowid`)
      .all(minerId)
      .map((row) => toEntry(row, this.#vault));
  }

  /** Those that a stop left without an end, oldest first. */
  unfinished(): JournalEntry[] {
    return this.#state.db
      .prepare(`SELECT ${columns} FROM command WHERE phase <> 'done' ORDER BY rowid`)
      .all()
      .map((row) => toEntry(row, this.#vault));
  }

  /** Remembers an authentic envelope and its answer; `inOrder` spends its sequence number. */
  remember(
    envelope: CommandEnvelope,
    digest: string,
    answer: CommandResponse,
    { accepted, inOrder }: { accepted: boolean; inOrder: boolean },
  ) {
    this.#state.db
      .prepare(
        'INSERT INTO envelope (digest, command_id, sequence, nonce, consumed, answer, at_ms) VALUES (?, ?, ?, ?, ?, ?, ?)',
      )
      .run(
        digest,
        envelope.commandId,
        envelope.sequence,
        envelope.nonce,
        accepted ? 1 : 0,
        JSON.stringify(answer),
        answer.atMs,
      );
    if (inOrder) this.#state.setCounter('command_sequence', envelope.sequence);
  }

  accept(envelope: CommandEnvelope, answer: CommandResponse) {
    this.#state.db
      .prepare(
        "INSERT INTO command (command_id, phase, envelope, answer, at_ms) VALUES (?, 'accepted', ?, ?, ?)",
      )
      .run(envelope.commandId, JSON.stringify(envelope), JSON.stringify(answer), answer.atMs);
  }

  /** The last thing before the miner is touched. */
  writing(commandId: string, snapshot: MinerSnapshot, writeAtMs: number) {
    this.#state.db
      .prepare(
        "UPDATE command SET phase = 'writing', snapshot = ?, write_at_ms = ? WHERE command_id = ? AND phase = 'accepted'",
      )
      .run(this.#vault.seal(JSON.stringify(snapshot)), writeAtMs, commandId);
  }

  done(commandId: string, answer: CommandResponse) {
    this.#state.db
      .prepare("UPDATE command SET phase = 'done', answer = ?, at_ms = ? WHERE command_id = ?")
      .run(JSON.stringify(answer), answer.atMs, commandId);
  }

  /** Forgets what is older than `beforeMs` and done; the sequence still refuses it should it come again. */
  prune(beforeMs: number) {
    this.#state.transact(() => {
      this.#state.db.prepare('DELETE FROM envelope WHERE at_ms < ?').run(beforeMs);
      this.#state.db.prepare("DELETE FROM command WHERE at_ms < ? AND phase = 'done'").run(beforeMs);
    });
  }
}

/** Whether two envelopes order the same of the same miner. */
export const sameOrder = (left: CommandEnvelope, right: CommandEnvelope) =>
  left.minerId === right.minerId && isDeepStrictEqual(left.order, right.order);
