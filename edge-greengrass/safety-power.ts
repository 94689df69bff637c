import * as z from 'zod';
import { whyUnsupported } from '../contracts/capabilities/firmware-table.ts';
import type { MinerOrder } from '../contracts/command.ts';
import type { MinerReading } from '../contracts/reading.ts';
import type { SitePowerLimits } from './config.ts';
import { asMinerFault } from './io/miner-fault.ts';
import type { Log } from './log.ts';
import { type Miner, type Miners, presumedIdentity } from './miners.ts';
import { type Draw, planRestoring, planShedding } from './plan-shedding.ts';
import type { Reports } from './reports.ts';
import type { StateFile } from './state/state-file.ts';

type Deps = {
  readonly limits: SitePowerLimits;
  readonly state: StateFile;
  readonly miners: Miners;
  readonly reports: Reports;
  readonly log: Log;
  readonly nowMs: () => number;
  /** Whether a kill switch is on: the cap is kept all the same, and nothing is started. */
  readonly isHalted: () => boolean;
  readonly stopping: AbortSignal;
};

const off: MinerOrder = { type: 'HASHING_DISABLE', params: {} };
const on: MinerOrder = { type: 'HASHING_ENABLE', params: {} };
/** A miner that was told to stop counts as stopped for so long; then it is told again. */
const settleMs = 90_000;
/** What stays the same is said again no sooner than this. */
const repeatMs = 10 * 60_000;

const shedRow = z.object({
  miner_id: z.string(),
  at_ms: z.number(),
  power_w: z.number(),
  hashrate_ths: z.number().nullable(),
});
type Shed = Draw & { readonly atMs: number };
type Known = { powerW: number; hashrateThs: number | undefined; state: MinerReading['state']; atMs: number };

/**
 * Keeps what the site draws below its cap, without asking the cloud: the reading that shows too much starts the stops. Miners are stopped
 * until the rest draws as much less as the hysteresis says, so that the site does not swing around its cap, and those that were
 * stopped for it are started again when there has been room for them for long enough, unless a person has ordered something since.
 */
export const sitePowerGuard = (deps: Deps) => {
  const { limits, state, miners, reports, log, nowMs, isHalted, stopping } = deps;
  const targetW = limits.capW * (1 - limits.hysteresisPct / 100);
  const known = new Map<string, Known>();
  const told = new Map<string, number>();
  const underWay = new Map<string, Promise<void>>();
  const saidMs = new Map<string, number>();
  let totalW = 0;
  let roomSinceMs: number | undefined;

  const remembered = (): Shed[] =>
    state
      .sql('SELECT miner_id, at_ms, power_w, hashrate_ths FROM shed')
      .all()
      .map((row) => shedRow.parse(row))
      .map(({ miner_id: minerId, at_ms: atMs, power_w: powerW, hashrate_ths }) => ({
        minerId,
        atMs,
        powerW,
        hashrateThs: hashrate_ths ?? undefined,
        shedOrder: miners.get(minerId)?.configured.shedOrder ?? 0,
      }));
  const remember = ({ minerId, powerW, hashrateThs }: Draw) =>
    state
      .sql('INSERT OR REPLACE INTO shed (miner_id, at_ms, power_w, hashrate_ths) VALUES (?, ?, ?, ?)')
      .run(minerId, nowMs(), powerW, hashrateThs ?? null);
  const forget = (minerId: string) => state.sql('DELETE FROM shed WHERE miner_id = ?').run(minerId);
  /** Somebody has ordered something of this miner since: it is theirs again. */
  const isOrderedSince = ({ minerId, atMs }: Shed) =>
    state
      .sql("SELECT 1 FROM command WHERE json_extract(envelope, '$.minerId') = ? AND at_ms > ? LIMIT 1")
      .get(minerId, atMs) !== undefined;

  const say = (code: string, detail: string, minerId?: string) => {
    const key = `${code} ${minerId ?? ''}`;
    const isRepeat = nowMs() - (saidMs.get(key) ?? Number.NEGATIVE_INFINITY) < repeatMs;
    if (isRepeat && !['SHED_ORDERED', 'RESTORED'].includes(code)) return;
    saidMs.set(key, nowMs());
    reports.safety({
      kind: 'site_power_cap',
      code,
      detail: detail.slice(0, 300),
      ...(minerId !== undefined && { minerId }),
    });
  };

  const note = ({ minerId, state: miner, values }: MinerReading) => {
    const before = known.get(minerId);
    const atMs = nowMs();
    // Who cannot be asked draws what it drew, for some time.
    const silent = miner === 'unreachable' || values.powerW === undefined;
    const isOver = before === undefined || atMs - before.atMs > limits.rememberMs;
    const stopped = miner === 'stopped' && values.powerW === undefined;
    const powerW = stopped ? 0 : silent ? (isOver ? 0 : before.powerW) : (values.powerW ?? 0);
    totalW += powerW - (before?.powerW ?? 0);
    known.set(minerId, {
      powerW,
      hashrateThs: values.hashrateThs ?? (silent ? before?.hashrateThs : undefined),
      state: miner,
      atMs: silent && !stopped ? (before?.atMs ?? atMs) : atMs,
    });
    if (miner === 'stopped') told.delete(minerId);
  };

  const order = async (miner: Miner, wanted: MinerOrder): Promise<string | undefined> => {
    const unsupported = whyUnsupported(miner.identity ?? presumedIdentity(miner.configured), wanted);
    if (unsupported !== undefined) return unsupported.en;
    return miner
      .writing(async () => {
        const before = await miner.adapter.snapshot(wanted, stopping);
        const outcome = await miner.adapter.execute(wanted, before, stopping);
        return outcome.kind === 'done' ? undefined : outcome.detail;
      })
      .catch((error: unknown) => asMinerFault(error).message);
  };

  const start = (draw: Draw, work: (miner: Miner) => Promise<void>) => {
    const miner = miners.get(draw.minerId);
    if (!miner) return;
    const done = work(miner).finally(() => underWay.delete(draw.minerId));
    underWay.set(draw.minerId, done);
  };
  const stop = (draw: Draw, why: string) => {
    told.set(draw.minerId, nowMs());
    start(draw, async (miner) => {
      const fault = await order(miner, off);
      if (stopping.aborted) return;
      if (fault === undefined) {
        state.transact(() => {
          remember(draw);
          say('SHED_ORDERED', `${why}; the miner drew ${Math.round(draw.powerW)} W`, draw.minerId);
        });
      } else say('SHED_FAILED', `${why}; ${fault}`, draw.minerId);
    });
  };
  const bringBack = (draw: Draw) => {
    // Started or not, it is not tried again: a person sees the event.
    start(draw, async (miner) => {
      const fault = await order(miner, on);
      if (stopping.aborted) return;
      state.transact(() => {
        forget(draw.minerId);
        if (fault === undefined)
          say('RESTORED', `there is room for ${Math.round(draw.powerW)} W`, draw.minerId);
        else say('RESTORE_FAILED', fault, draw.minerId);
      });
    });
  };

  /** Miners that may be stopped: they draw, and no stop is on its way to them. */
  const drawing = (): { readonly draws: readonly Draw[]; readonly comingW: number } => {
    const draws: Draw[] = [];
    let comingW = 0;
    for (const [minerId, { powerW, hashrateThs, state: now }] of known) {
      const isTold = nowMs() - (told.get(minerId) ?? Number.NEGATIVE_INFINITY) < settleMs;
      if (isTold || underWay.has(minerId)) comingW += powerW;
      else if (now !== 'stopped' && now !== 'unreachable')
        draws.push({
          minerId,
          powerW,
          hashrateThs,
          shedOrder: miners.get(minerId)?.configured.shedOrder ?? 0,
        });
    }
    return { draws, comingW };
  };

  const shed = () => {
    const { draws, comingW } = drawing();
    const restW = totalW - comingW;
    if (restW < limits.capW) return;
    const plan = planShedding(draws, restW, targetW);
    const why = `the site draws ${Math.round(totalW)} W, cap ${Math.round(limits.capW)} W`;
    log('warn', 'site_power_cap', { totalW: Math.round(totalW), stopped: plan.length });
    for (const draw of plan) stop(draw, why);
    if (plan.length === 0) say('CAP_NOT_REACHED', `${why}; no more miners can be stopped`);
  };

  const restore = () => {
    const waiting = remembered();
    if (waiting.length === 0 || limits.restoreAfterMs === 0 || isHalted()) {
      roomSinceMs = undefined;
      return;
    }
    for (const one of waiting) if (isOrderedSince(one)) forget(one.minerId);
    const stopped = waiting.filter(
      (one) =>
        known.get(one.minerId)?.state === 'stopped' && !underWay.has(one.minerId) && !isOrderedSince(one),
    );
    const plan = planRestoring(stopped, totalW, targetW);
    if (plan.length === 0) roomSinceMs = undefined;
    else roomSinceMs ??= nowMs();
    if (roomSinceMs === undefined || nowMs() - roomSinceMs < limits.restoreAfterMs) return;
    roomSinceMs = undefined;
    for (const draw of plan) bringBack(draw);
  };

  return {
    look: (_miner: Miner, reading: MinerReading): void => {
      note(reading);
      if (totalW >= limits.capW) shed();
    },
    /** After each sweep. */
    rest: (): void => {
      if (totalW < targetW) restore();
      else roomSinceMs = undefined;
    },
    settled: () => Promise.allSettled(underWay.values()),
  };
};
