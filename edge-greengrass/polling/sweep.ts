import type { MinerReading } from '../../contracts/reading.ts';
import { asMinerFault } from '../io/miner-fault.ts';
import { Semaphore } from '../io/semaphore.ts';
import type { Log } from '../log.ts';
import type { Miner } from '../miners.ts';
import type { Reports } from '../reports.ts';
import type { Clock } from '../state/pace.ts';
import { nextAskMs } from './backoff.ts';
import { type Lane, lanes } from './lanes.ts';
import { type Launch, launches } from './launches.ts';
import { placeOf } from './place.ts';

export type SweepSettings = {
  readonly pollIntervalMs: number;
  /** The sweep is over then. */
  readonly sweepMs: number;
  /** The share of the interval over which the asks are spread. */
  readonly spreadPct: number;
  readonly fullReadEverySweeps: number;
  readonly maxBackoffMs: number;
};
type Deps = {
  readonly shards: ReadonlyMap<number, readonly Miner[]>;
  readonly sockets: number;
  /** Asked anew at every sweep. */
  readonly settings: () => SweepSettings;
  /** Never goes back, whatever becomes of the time of day. */
  readonly clock: Clock;
  /** The time of day, for readings. */
  readonly nowMs: () => number;
  readonly reports: Pick<Reports, 'safety'>;
  readonly log: Log;
  /** A shard's readings: of all of its miners that answered or gave up in time, and what came too late before. */
  readonly deliver: (shard: number, readings: readonly MinerReading[]) => void;
  readonly guard: (miner: Miner, reading: MinerReading) => void;
};
export type SweepResult = {
  readonly asked: number;
  readonly unreachable: number;
  /** Backing off, not reached before the sweep was over, or busy with an earlier one. */
  readonly skipped: number;
  readonly tookMs: number;
};

/** How long a shard's batch waits for one miner: what comes later goes with the shard's next batch. */
const patienceMs = 2_500;
const lookMs = 100;
/** A small site is not spread further than this for each of its miners: its batch would only come later. */
const mostApartMs = 3;
/** After so many asks in a row that failed, a miner is asked again who it is. */
const forgottenAfter = 3;
/** Who takes longer than this, and much longer than the others, is slow. */
const slowMs = 1_000;
const slowFactor = 4;
/** What an adapter may take to let go after the sweep is over. */
const letGoMs = 250;

/** What the sweeps keep of a miner. */
type Turn = {
  /** Where in a sweep, and in which sweeps, it has its turn: the same every time, over restarts too. */
  readonly place: number;
  isSlow: boolean;
  /** An earlier sweep's ask that has not ended. */
  isAsked: boolean;
  /** It has not been asked everything yet, or names something that is wrong: a fault that is told in some sweeps alone would come and go. */
  wantsAll: boolean;
};

/** An ask that has not ended. */
type Pending = {
  readonly miner: Miner;
  readonly lane: Lane;
  /** When it got its seat. */
  begunMs: number | undefined;
};

/** Identifies a miner that has not been yet. */
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

/**
 * Rounds over all miners that are due, each over by its deadline and none beside another. Asks are spread over the beginning of the
 * interval, shard after shard. Who failed or is slow has seats of its own, so that the others never wait for it, and a shard's batch
 * does not wait for it either.
 */
export const sweeper = ({ shards, sockets, settings, clock, nowMs, reports, log, deliver, guard }: Deps) => {
  const seats = lanes(sockets);
  const turns = new Map<string, Turn>();
  const late = new Map<number, MinerReading[]>();
  let round = 0;
  let isSweeping = false;
  /** Of asks that were answered. */
  let usualMs = 0;
  const minerCount = [...shards.values()].reduce((sum, miners) => sum + miners.length, 0);

  const turnOf = ({ minerId }: Miner): Turn => {
    const known = turns.get(minerId);
    if (known) return known;
    const turn = { place: placeOf(minerId), isSlow: false, isAsked: false, wantsAll: true };
    turns.set(minerId, turn);
    return turn;
  };

  const note = (
    miner: Miner,
    turn: Turn,
    reading: MinerReading,
    fault: string | undefined,
    tookMs: number,
  ) => {
    const { pollIntervalMs, maxBackoffMs } = settings();
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
    // Who comes back after a while may be another machine, or have other firmware.
    if (miner.failures >= forgottenAfter) miner.identity = undefined;
    miner.nextAskMs = nextAskMs(miner.failures, clock.nowMs(), pollIntervalMs, maxBackoffMs, turn.place);
    turn.isSlow = fault !== undefined || tookMs > Math.max(slowMs, slowFactor * usualMs);
    if (fault === undefined) usualMs += (Math.min(tookMs, slowMs) - usualMs) / 64;
  };

  const unreachable = (miner: Miner): MinerReading => ({
    minerId: miner.minerId,
    sampledAtMs: nowMs(),
    state: 'unreachable',
    values: {},
  });

  const ask = async (miner: Miner, turn: Turn, signal: AbortSignal): Promise<MinerReading | undefined> => {
    const { fullReadEverySweeps: every } = settings();
    const begunMs = clock.nowMs();
    const took = () => clock.nowMs() - begunMs;
    try {
      await identify(miner, signal);
    } catch (error) {
      const { kind } = asMinerFault(error);
      if (kind === 'aborted') return undefined;
      const reading = unreachable(miner);
      const fault = kind === 'unparseable' || kind === 'too_large' ? 'unparseable' : 'unreachable';
      note(miner, turn, reading, fault, took());
      return reading;
    }
    const isFull = !miner.hashing || turn.wantsAll || (round + Math.floor(turn.place * every)) % every === 0;
    const { reading, fault } = await miner.adapter.read(isFull ? 'full' : 'core', signal);
    if (fault === 'aborted') return undefined;
    const namesFault = (reading.errorCodes?.length ?? 0) > 0;
    if (namesFault || (isFull && fault === undefined)) turn.wantsAll = namesFault;
    note(miner, turn, reading, fault, took());
    guard(miner, reading);
    return reading;
  };

  const isSlow = (miner: Miner) => turnOf(miner).isSlow || miner.failures > 0 || miner.identity === undefined;

  /** Takes a seat and asks; the miner is marked until its adapter has let go. Never rejects. */
  const seated = async (pending: Pending, deadline: AbortSignal) => {
    const { miner, lane } = pending;
    const turn = turnOf(miner);
    return seats.run(lane, async () => {
      if (deadline.aborted) return undefined;
      pending.begunMs = clock.nowMs();
      turn.isAsked = true;
      try {
        return await ask(miner, turn, deadline);
      } catch (error) {
        log('error', 'adapter_failed', { reason: error instanceof Error ? error.name : 'unknown' });
        return undefined;
      } finally {
        turn.isAsked = false;
      }
    });
  };

  /**
   * Until the shard's batch may leave: every fast miner has answered or has had its time, and after them the slow ones have had theirs.
   */
  const batchIsDue = async (
    pending: ReadonlySet<Pending>,
    ended: Promise<unknown>,
    isOver: () => boolean,
  ) => {
    const isAwaited = ({ lane, begunMs }: Pending) =>
      lane === 'fast' && (begunMs === undefined || clock.nowMs() - begunMs < patienceMs);
    const done = new AbortController();
    let fastMs: number | undefined;
    while (pending.size > 0 && !isOver()) {
      if (![...pending].some(isAwaited)) fastMs ??= clock.nowMs();
      if (fastMs !== undefined && clock.nowMs() - fastMs >= patienceMs) break;
      await Promise.race([ended, clock.wait(lookMs, done.signal)]);
    }
    done.abort();
  };

  const sweepOnce = async (stopping: AbortSignal): Promise<SweepResult> => {
    const { pollIntervalMs, sweepMs, spreadPct } = settings();
    const startMs = clock.nowMs();
    const over = new AbortController();
    const deadline = AbortSignal.any([stopping, over.signal]);
    const done = new AbortController();
    let isOver = false;
    const gone = clock.wait(sweepMs, AbortSignal.any([stopping, done.signal])).then(async () => {
      over.abort();
      await clock.wait(letGoMs, done.signal);
      isOver = true;
    });
    const spreadMs = Math.min((pollIntervalMs * spreadPct) / 100, sweepMs / 2, minerCount * mostApartMs);
    const count = { asked: 0, unreachable: 0 };
    /** Who is not known to be slow and has not answered; after them the slow ones may have all seats. */
    let fastLeft = 0;
    const fastDone = () => {
      if (--fastLeft === 0) seats.setLending(true);
    };

    const sweepShard = async (shard: number, launched: readonly Launch<Miner>[]) => {
      const ready = late.get(shard) ?? [];
      late.delete(shard);
      const pending = new Set<Pending>();
      let isDelivered = false;
      const take = (reading: MinerReading | undefined) => {
        if (reading === undefined) return;
        count.asked++;
        if (reading.state === 'unreachable') count.unreachable++;
        if (isDelivered) late.set(shard, [...(late.get(shard) ?? []), reading]);
        else ready.push(reading);
      };
      const asks: Promise<void>[] = [];
      for (const { item: miner, atMs } of launched) {
        const waitMs = startMs + atMs - clock.nowMs();
        if (waitMs > 0 && !deadline.aborted) await clock.wait(waitMs, deadline);
        const one: Pending = { miner, lane: isSlow(miner) ? 'slow' : 'fast', begunMs: undefined };
        pending.add(one);
        if (one.lane === 'slow') fastDone();
        asks.push(
          seated(one, deadline).then((reading) => {
            pending.delete(one);
            if (one.lane === 'fast') fastDone();
            take(reading);
          }),
        );
      }
      const ended = Promise.race([Promise.all(asks), gone]);
      await batchIsDue(pending, ended, () => isOver);
      isDelivered = true;
      if (ready.length > 0) deliver(shard, ready);
      await ended;
    };

    const plan = launches(
      shards,
      spreadMs,
      (miner) => turnOf(miner).place,
      (miner) => miner.nextAskMs <= startMs && !turnOf(miner).isAsked,
    );
    seats.setLending(false);
    fastLeft = plan.reduce((sum, [, launched]) => sum + launched.length, 0);
    await Promise.all(
      plan.map(([shard, launched]) =>
        sweepShard(shard, launched).catch((error: unknown) =>
          log('error', 'shard_failed', { shard, reason: error instanceof Error ? error.name : 'unknown' }),
        ),
      ),
    );
    done.abort();
    round++;
    return { ...count, skipped: minerCount - count.asked, tookMs: clock.nowMs() - startMs };
  };

  return {
    /** Throws Error where a sweep is under way. */
    sweep: async (stopping: AbortSignal): Promise<SweepResult> => {
      if (isSweeping) throw new Error('a sweep is under way');
      isSweeping = true;
      try {
        return await sweepOnce(stopping);
      } finally {
        isSweeping = false;
      }
    },
    /** Delivers what came too late for its batch, where no sweep will. */
    flush: () => {
      for (const [shard, readings] of late) deliver(shard, readings);
      late.clear();
    },
  };
};
