import { setTimeout as pause } from 'node:timers/promises';
import type { CommandResponse } from '../../contracts/command.ts';
import type { MinerSnapshot, ReadBack, WriteOutcome } from '../adapters/miner-adapter.ts';
import { asMinerFault } from '../io/miner-fault.ts';
import type { Log } from '../log.ts';
import type { Miner, Miners } from '../miners.ts';
import type { Reports } from '../reports.ts';
import type { StateFile } from '../state/state-file.ts';
import { checkTime } from './check-envelope.ts';
import type { Journal, JournalEntry } from './journal.ts';
import { type Work, workOf } from './work-of.ts';

type Deps = {
  readonly state: StateFile;
  readonly journal: Journal;
  readonly reports: Reports;
  readonly miners: Miners;
  readonly effectMs: number;
  readonly effectPollMs: number;
  readonly clockSkewMs: number;
  /** Whether a kill switch forbids every remote write. */
  readonly isHalted: () => boolean;
  readonly nowMs: () => number;
  readonly log: Log;
  /** Aborted when the gateway stops: what is under way stays in the journal for the next start. */
  readonly stopping: AbortSignal;
};
type Ending =
  | {
      readonly outcome: 'succeeded';
      readonly before: MinerSnapshot['reading'];
      readonly after?: MinerSnapshot['reading'];
    }
  | {
      readonly outcome: 'failed' | 'unknown';
      readonly detail: string;
      readonly before?: MinerSnapshot['reading'];
    };

/** Carries accepted commands out, each miner's one after the other, and answers for every one of them. */
export const commandExecutor = (deps: Deps) => {
  const { state, journal, reports, miners, effectMs, effectPollMs, clockSkewMs, nowMs, stopping } = deps;
  const running = new Set<Promise<void>>();

  const finish = (commandId: string, ending: Ending) => {
    const response: CommandResponse = { ...reports.head(commandId), ...ending };
    state.transact(() => {
      journal.done(commandId, response);
      reports.response(response);
    });
  };

  /** Looks at the miner until the effect shows or its time is over. */
  const awaitEffect = async (
    work: Work,
    before: MinerSnapshot,
    sinceMs: number,
    waitMs: number,
  ): Promise<ReadBack> => {
    const endMs = nowMs() + waitMs;
    let last: ReadBack = { seen: undefined };
    for (;;) {
      last = await work.readBack(before, sinceMs, stopping);
      stopping.throwIfAborted();
      if (last.seen === true || nowMs() >= endMs) return last;
      await pause(effectPollMs, undefined, { signal: stopping });
    }
  };

  const endingOf = (
    outcome: WriteOutcome | undefined,
    { seen, reading }: ReadBack,
    before: MinerSnapshot['reading'],
  ): Ending => {
    if (seen) return { outcome: 'succeeded', before, ...(reading && { after: reading }) };
    const waited = `within ${Math.round(effectMs / 1000)} s`;
    if (outcome?.kind === 'done' && seen === false) {
      return { outcome: 'failed', detail: `the miner said yes, and no effect showed ${waited}`, before };
    }
    const lost =
      outcome?.kind === 'lost'
        ? outcome.detail
        : outcome
          ? 'the miner could not be read back'
          : 'the gateway stopped during the write';
    return { outcome: 'unknown', detail: `${lost}; no effect showed ${waited}`, before };
  };

  type Written = {
    readonly before: MinerSnapshot;
    readonly writeAtMs: number;
    readonly outcome: WriteOutcome;
  };

  /** Snapshot and write with no other writer between them; or why it was not begun. */
  const write = async (
    { envelope }: JournalEntry,
    work: Work,
  ): Promise<Written | { readonly notBegun: string }> => {
    if (deps.isHalted()) return { notBegun: 'HALTED: remote writes were stopped at this gateway' };
    const late = checkTime(envelope, nowMs(), clockSkewMs);
    if (late) return { notBegun: `${late.detail} while other orders of this miner ran` };
    let before: MinerSnapshot;
    try {
      before = await work.snapshot(stopping);
    } catch (error) {
      stopping.throwIfAborted();
      return { notBegun: asMinerFault(error).message };
    }
    stopping.throwIfAborted();
    if (deps.isHalted()) return { notBegun: 'HALTED: remote writes were stopped at this gateway' };
    const writeAtMs = nowMs();
    journal.writing(envelope.commandId, before, writeAtMs);
    return { before, writeAtMs, outcome: await work.write(before) };
  };

  const carryOut = async (entry: JournalEntry, miner: Miner): Promise<Ending> => {
    const work = workOf(journal, miner, entry.envelope.order);
    const written =
      'notPossible' in work
        ? { notBegun: work.notPossible }
        : { work, ...(await miner.writing(() => write(entry, work))) };
    if ('notBegun' in written)
      return { outcome: 'failed', detail: `not begun: ${written.notBegun}`.slice(0, 300) };
    const { before, writeAtMs, outcome } = written;
    if (outcome.kind === 'refused') {
      return { outcome: 'failed', detail: outcome.detail.slice(0, 300), before: before.reading };
    }
    miner.failures = 0;
    return endingOf(outcome, await awaitEffect(written.work, before, writeAtMs, effectMs), before.reading);
  };

  const resume = async ({ envelope, snapshot, writeAtMs }: JournalEntry, miner: Miner): Promise<Ending> => {
    if (!snapshot || writeAtMs === undefined)
      return { outcome: 'unknown', detail: 'the gateway stopped during the write' };
    const work = workOf(journal, miner, envelope.order);
    if ('notPossible' in work) return { outcome: 'unknown', detail: work.notPossible.slice(0, 300) };
    const leftMs = Math.max(0, Math.min(effectMs, writeAtMs + effectMs - nowMs()));
    return endingOf(undefined, await awaitEffect(work, snapshot, writeAtMs, leftMs), snapshot.reading);
  };

  const follow = (entry: JournalEntry, work: (entry: JournalEntry, miner: Miner) => Promise<Ending>) => {
    const { commandId, minerId } = entry.envelope;
    const miner = miners.get(minerId);
    const untouched = entry.phase === 'accepted' ? 'failed' : 'unknown';
    if (!miner)
      return finish(commandId, { outcome: untouched, detail: 'the miner is not configured any more' });
    const done = miner
      .inTurn(() => work(entry, miner))
      .then((ending) => {
        miner.nextAskMs = 0;
        finish(commandId, ending);
      })
      .catch((error: unknown) => {
        if (stopping.aborted) return;
        deps.log('error', 'command_failed', {
          commandId,
          reason: error instanceof Error ? error.name : 'unknown',
        });
        const reached = journal.find(commandId)?.phase === 'accepted' ? 'failed' : 'unknown';
        finish(commandId, { outcome: reached, detail: 'an error of the gateway itself' });
      })
      .finally(() => running.delete(done));
    running.add(done);
  };

  return {
    start: (commandId: string) => {
      const entry = journal.find(commandId);
      if (entry?.phase === 'accepted') follow(entry, carryOut);
    },
    /** Ends what an earlier run of the gateway left: never by a second write. */
    recover: () => {
      for (const entry of journal.unfinished()) {
        if (entry.phase === 'writing') follow(entry, resume);
        else
          finish(entry.envelope.commandId, {
            outcome: 'failed',
            detail: 'not begun: the gateway restarted before it touched the miner',
          });
      }
    },
    settled: () => Promise.allSettled([...running]),
  };
};
