import type { MinerReading } from '../../contracts/reading.ts';
import { asMinerFault } from '../io/miner-fault.ts';
import { Semaphore } from '../io/semaphore.ts';
import type { Log } from '../log.ts';
import type { Miner } from '../miners.ts';
import type { Reports } from '../reports.ts';
import { nextAskMs } from './backoff.ts';

type Deps = {
  readonly shards: ReadonlyMap<number, readonly Miner[]>;
  readonly limits: {
    readonly sockets: number;
    readonly sweepMs: number;
    readonly fullReadEverySweeps: number;
    readonly maxBackoffMs: number;
  };
  readonly pollIntervalMs: number;
  readonly nowMs: () => number;
  readonly reports: Reports;
  readonly log: Log;
  /** A whole shard's readings, as soon as its last miner has answered or given up. */
  readonly deliver: (shard: number, readings: readonly MinerReading[]) => void;
  readonly guard: (miner: Miner, reading: MinerReading) => void;
};
export type SweepResult = {
  readonly asked: number;
  readonly unreachable: number;
  readonly skipped: number;
  readonly tookMs: number;
};

/** Identifies a miner that has not been yet; true when it is what it is configured to be. */
const identify = async (miner: Miner, signal?: AbortSignal) => {
  miner.identity ??= await miner.adapter.identify(signal);
};

/** Asks all miners who they are, at most `seats` at once; resolves with how many answered. */
export const identifyAll = async (miners: readonly Miner[], seats: number, signal: AbortSignal) => {
  const bound = new Semaphore(seats);
  await Promise.allSettled(
    miners.map((miner) => bound.run(async () => (signal.aborted ? undefined : identify(miner, signal)))),
  );
  return miners.filter(({ identity }) => identity !== undefined).length;
};

/** One round over all miners that are due: shard by shard, many at once, over by its deadline. */
export const sweeper = ({ shards, limits, pollIntervalMs, nowMs, reports, log, deliver, guard }: Deps) => {
  const seats = new Semaphore(limits.sockets);
  let round = 0;

  const note = (miner: Miner, reading: MinerReading, fault: string | undefined) => {
    miner.hashing = reading.state === 'hashing';
    if (fault === 'unparseable' && !miner.unparseable) {
      reports.safety({
        kind: 'miner_unparseable',
        minerId: miner.minerId,
        code: 'UNPARSEABLE',
        detail: 'the miner answers what cannot be understood',
      });
    }
    miner.unparseable = fault === 'unparseable';
    miner.failures = fault === undefined ? 0 : miner.failures + 1;
    miner.nextAskMs = nextAskMs(miner.failures, nowMs(), pollIntervalMs, limits.maxBackoffMs);
  };

  const ask = async (
    miner: Miner,
    depth: 'core' | 'full',
    signal: AbortSignal,
  ): Promise<MinerReading | undefined> => {
    try {
      await identify(miner, signal);
    } catch (error) {
      const fault = asMinerFault(error);
      if (fault.kind === 'aborted') return undefined;
      const reading: MinerReading = {
        minerId: miner.minerId,
        sampledAtMs: nowMs(),
        state: 'unreachable',
        values: {},
      };
      note(
        miner,
        reading,
        fault.kind === 'unparseable' || fault.kind === 'too_large' ? 'unparseable' : 'unreachable',
      );
      return reading;
    }
    const { reading, fault } = await miner.adapter.read(depth, signal);
    if (fault === 'aborted') return undefined;
    note(miner, reading, fault);
    guard(miner, reading);
    return reading;
  };

  return async (stopping: AbortSignal): Promise<SweepResult> => {
    const startMs = nowMs();
    const number = round++;
    const deadline = AbortSignal.any([stopping, AbortSignal.timeout(limits.sweepMs)]);
    let asked = 0;
    let unreachable = 0;
    let skipped = 0;
    const sweepShard = async (shard: number, miners: readonly Miner[]) => {
      const due = miners.filter((miner) => miner.nextAskMs <= startMs);
      skipped += miners.length - due.length;
      const readings = await Promise.all(
        due.map((miner, at) => {
          const full = !miner.hashing || (number + at) % limits.fullReadEverySweeps === 0;
          return seats
            .run(async () => (deadline.aborted ? undefined : ask(miner, full ? 'full' : 'core', deadline)))
            .catch(() => undefined);
        }),
      );
      const known = readings.filter((reading) => reading !== undefined);
      asked += known.length;
      unreachable += known.filter(({ state }) => state === 'unreachable').length;
      skipped += readings.length - known.length;
      if (known.length > 0) deliver(shard, known);
    };
    await Promise.all(
      [...shards].map(([shard, miners]) =>
        sweepShard(shard, miners).catch((error: unknown) =>
          log('error', 'shard_failed', { shard, reason: error instanceof Error ? error.name : 'unknown' }),
        ),
      ),
    );
    return { asked, unreachable, skipped, tookMs: nowMs() - startMs };
  };
};
