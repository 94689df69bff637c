import type { SafetyEvent } from '../contracts/command.ts';
import { envelopesIn, packResponses } from '../contracts/command-messages.ts';
import type { MinerReading } from '../contracts/reading.ts';
import type { SpoolDepth } from '../contracts/telemetry-batch.ts';
import { topics, uplinks } from '../contracts/topics.ts';
import type { EdgeBus } from './bus/edge-bus.ts';
import { commandExecutor } from './commands/executor.ts';
import { commandGate } from './commands/gate.ts';
import { haltSwitch } from './commands/halt-switch.ts';
import { Journal } from './commands/journal.ts';
import type { ConfiguredMiner, GatewayConfig } from './config.ts';
import { loginWayOf } from './credentials/login-ways.ts';
import { PasswordChanges } from './credentials/password-changes.ts';
import { resolvePending } from './credentials/rotate-passwords.ts';
import { missingFinder } from './discovery/find-missing.ts';
import { recogniser } from './discovery/recogniser.ts';
import { Semaphore } from './io/semaphore.ts';
import { type Log, logToStderr } from './log.ts';
import { judgeBy, type Miner, openMiners } from './miners.ts';
import { batcher } from './polling/batcher.ts';
import { assignShards } from './polling/shards.ts';
import { identifyAll, type SweepResult, sweeper } from './polling/sweep.ts';
import { realClock } from './real-clock.ts';
import { reportsTo, thinningReport } from './reports.ts';
import { overTemperatureGuard } from './safety.ts';
import { sitePowerGuard } from './safety-power.ts';
import { cloudCopy } from './sealing/cloud-copy.ts';
import { type EdgeSealing, openEdgeSealing } from './sealing/edge-sealing.ts';
import type { KeyRing } from './state/key-ring.ts';
import { foldSlots } from './state/make-room.ts';
import { Outbox } from './state/outbox.ts';
import { startOutboxSender } from './state/outbox-sender.ts';
import { pace } from './state/pace.ts';
import { receiptTaker } from './state/receipts.ts';
import { Spool } from './state/spool.ts';
import { startSpoolSender } from './state/spool-sender.ts';
import { StateFile } from './state/state-file.ts';

export type AgentDeps = {
  /** Where the state file lies; `:memory:` keeps nothing over a restart. */
  readonly stateDir: string;
  readonly nowMs?: () => number;
  readonly log?: Log;
  /** Sees every shard's readings as they go out, for whoever watches. */
  readonly onReadings?: (shard: number, readings: readonly MinerReading[]) => void;
  readonly onSweep?: (result: SweepResult) => void;
  readonly onSafety?: (event: SafetyEvent) => void;
  /** Opened from the configuration where it is left out. */
  readonly sealing?: EdgeSealing;
  /** The gateway's own keys, where it has them in its state directory; those of the configuration otherwise. */
  readonly keys?: KeyRing;
  /**
   * Called with an inventory to take the place of the present one: what the cloud kept sealed for a gateway that has none, miners found at
   * new addresses, passwords that hold after a change. Settles when it is on the disk; a new agent then goes on with it.
   */
  readonly onInventory?: (miners: readonly ConfiguredMiner[]) => Promise<void>;
};

export type Agent = {
  /** Settles when every configured miner has been asked who it is, or the first sweep's deadline has passed. */
  readonly ready: Promise<{ readonly miners: number; readonly identified: number }>;
  readonly status: () => {
    readonly online: boolean;
    /** Batches and answers that the broker has not acknowledged. */
    readonly waiting: number;
    readonly spool: SpoolDepth;
    readonly unreachable: number;
    readonly sweeps: number;
    /** Whether a kill switch forbids every remote write. */
    readonly halted: boolean;
  };
  /** Whether the state file takes a write just now. */
  readonly canWrite: () => boolean;
  /** Takes how often and how polling goes on from here; everything else of the configuration needs a new agent. */
  readonly tune: (config: GatewayConfig) => void;
  /** Ends polling, lets writes to miners finish, and closes the line and the state file. */
  readonly stop: () => Promise<void>;
};

const keepLedgerMs = 30 * 24 * 3_600_000;

const byShard = (miners: ReadonlyMap<string, Miner>, shardOf: ReadonlyMap<string, number>) => {
  const shards = new Map<number, Miner[]>();
  for (const miner of miners.values()) {
    const shard = shardOf.get(miner.minerId) ?? 0;
    shards.set(shard, [...(shards.get(shard) ?? []), miner]);
  }
  return new Map([...shards].toSorted(([a], [b]) => a - b));
};

const depthEveryMs = 5 * 60_000;

/** Logs how deep the spool is, every five minutes. */
const depthLog = (spool: Spool, nowMs: () => number, log: Log) => {
  let toldMs = Number.NEGATIVE_INFINITY;
  return () => {
    if (nowMs() - toldMs < depthEveryMs) return;
    toldMs = nowMs();
    log('info', 'spool', spool.depth(nowMs()));
  };
};

/** Runs a gateway on a line: polls its miners, keeps what is not acknowledged, and obeys signed commands. */
export const startAgent = async (config: GatewayConfig, bus: EdgeBus, deps: AgentDeps): Promise<Agent> => {
  const { limits, siteId, gatewayId } = config;
  const nowMs = deps.nowMs ?? Date.now;
  const log = deps.log ?? logToStderr;
  const place = { siteId, gatewayId };
  const stopping = new AbortController();
  const sealing = deps.sealing ?? (await openEdgeSealing(config, deps.stateDir));

  const state = new StateFile(deps.stateDir);
  const clock = realClock(nowMs);
  const outbox = new Outbox(state);
  const spool = new Spool(state, nowMs());
  const line = { bus, inFlight: limits.publishesInFlight, log };
  const pacing = pace({ publishesPerS: limits.publishesPerS, bytesPerS: limits.publishBytesPerS }, clock);
  const senders = {
    control: startOutboxSender({
      ...line,
      outbox,
      pace: pacing,
      join: new Map([[uplinks.commandResponse(place), packResponses]]),
    }),
    telemetry: startSpoolSender({
      ...limits,
      ...line,
      spool,
      pace: pacing,
      clock,
      topic: uplinks.telemetry(place),
    }),
  };
  const reports = reportsTo({
    outbox,
    place,
    nowMs,
    log,
    wake: senders.control.wake,
    ...(deps.onSafety && { onSafety: deps.onSafety }),
  });
  const recognised = recogniser({ state, vault: sealing.vault, miners: config.miners, reports, nowMs });
  const miners = new Map(
    [...openMiners(config, nowMs, sealing.keys)].map(([minerId, miner]) => [
      minerId,
      { ...miner, adapter: recognised.watch(minerId, miner.adapter) },
    ]),
  );
  const journal = new Journal(state, sealing.vault);
  journal.prune(nowMs() - keepLedgerMs);

  const { keys } = deps;
  const context = {
    ...place,
    keys: keys?.secrets ?? new Map(config.hmacKeys.map(({ keyId, secret }) => [keyId, secret])),
    ...(keys && { worked: (keyId: string) => keys.secretWorked(keyId) }),
  };
  const halt = haltSwitch({ state, reports, context, log, nowMs, clockSkewMs: limits.clockSkewMs });
  const executor = commandExecutor({
    ...limits,
    state,
    journal,
    reports,
    miners,
    isHalted: halt.isHalted,
    nowMs,
    log,
    stopping: stopping.signal,
  });
  const gate = commandGate({
    state,
    journal,
    reports,
    context,
    clockSkewMs: limits.clockSkewMs,
    nowMs,
    isHalted: halt.isHalted,
    judge: judgeBy(miners, journal),
    start: executor.start,
  });
  bus.subscribe(topics.commandRequest(place), async (payload) => envelopesIn(payload).forEach(gate));
  bus.subscribe(topics.halt(place), async (payload) => halt.take(payload));
  bus.follow?.(() => ({ sequence: journal.lastSequence, haltEpoch: halt.epoch() }));

  const copy = cloudCopy({
    config,
    stateDir: deps.stateDir,
    sealing,
    state,
    outbox,
    wake: senders.control.wake,
    nowMs,
    log,
    stopping: stopping.signal,
    onInventory: deps.onInventory,
  });
  bus.subscribe(topics.inventory(place), copy.take);

  const takeReceipt = receiptTaker({
    spool,
    place,
    nowMs,
    log,
    gone: reports.gone,
    wake: senders.telemetry.wake,
  });
  bus.subscribe(topics.receipt(place), async (payload) => takeReceipt(payload));

  const thinned = thinningReport(reports, nowMs);
  const packing = { spool, place, maxBytes: limits.batchBytes };
  const pack = batcher({ ...packing, spoolBytes: limits.spoolBytes, nowMs });
  const tellDepth = depthLog(spool, nowMs, log);
  const overTemperature = overTemperatureGuard(limits.overTemperature, reports, nowMs, stopping.signal);
  const sitePower =
    limits.sitePower &&
    sitePowerGuard({
      limits: limits.sitePower,
      state,
      miners,
      reports,
      log,
      nowMs,
      isHalted: halt.isHalted,
      stopping: stopping.signal,
    });
  let unreachable = 0;
  let sweeps = 0;
  let polling = config;
  let retimed = new AbortController();
  const steady = realClock(() => performance.now());
  const { sweep, flush } = sweeper({
    shards: byShard(miners, assignShards(state, [...miners.keys()], limits.minersPerShard)),
    sockets: limits.sockets,
    settings: () => ({ ...polling.limits, pollIntervalMs: polling.pollIntervalMs }),
    clock: steady,
    nowMs,
    reports,
    log,
    deliver: (shard, readings) => {
      if (!bus.isUp()) foldSlots(packing, shard, nowMs(), limits.foldMs);
      thinned(pack(shard, readings).room);
      senders.telemetry.wake();
      deps.onReadings?.(shard, readings);
    },
    guard: (miner, reading) => {
      overTemperature.look(miner, reading);
      sitePower?.look(miner, reading);
    },
  });

  const { onInventory } = deps;
  const finder =
    config.discovery &&
    onInventory &&
    missingFinder({
      config: config.discovery,
      inventory: config.miners,
      miners,
      recognised,
      reports,
      log,
      clock: steady,
      stopping: stopping.signal,
      onInventory,
    });

  const discover = async () => {
    const deadline = AbortSignal.any([stopping.signal, AbortSignal.timeout(limits.sweepMs)]);
    const identified = await identifyAll([...miners.values()], limits.sockets, deadline);
    log('info', 'discovered', { miners: miners.size, identified });
    return { miners: miners.size, identified };
  };

  /** From one planned start to the next, so that sweeps do not drift; after one that took too long, at once. */
  const untilDue = async (plannedMs: number): Promise<number> => {
    while (!stopping.signal.aborted) {
      const leftMs = plannedMs + polling.pollIntervalMs - steady.nowMs();
      if (leftMs <= 0) break;
      retimed = new AbortController();
      await steady.wait(leftMs, AbortSignal.any([stopping.signal, retimed.signal]));
    }
    return Math.max(plannedMs + polling.pollIntervalMs, steady.nowMs() - polling.pollIntervalMs);
  };

  const poll = async () => {
    await ready;
    let dueMs = steady.nowMs();
    while (!stopping.signal.aborted) {
      const result = await sweep(stopping.signal);
      sweeps++;
      unreachable = result.unreachable;
      sitePower?.rest();
      tellDepth();
      deps.onSweep?.(result);
      dueMs = await untilDue(dueMs);
    }
    flush();
  };

  /** A change of password that a crash left open: which of the two holds, the miner says. */
  const finishPasswordChanges = async () => {
    const changes = new PasswordChanges(state, sealing.vault);
    if (!onInventory || changes.all().length === 0) return;
    const sockets = new Semaphore(limits.sockets);
    const io = { connectMs: limits.connectMs, exchangeMs: limits.exchangeMs, maxBytes: limits.answerBytes };
    await resolvePending({
      miners: config.miners,
      wayOf: (miner) => loginWayOf(miner, io, sockets, nowMs),
      changes,
      keep: onInventory,
      clock,
      signal: stopping.signal,
      onOutcome: (_, outcome) => log('info', 'password_change_ended', { outcome }),
    });
  };

  executor.recover();
  copy.announce();
  await bus.open();
  const backingUp = copy.backUp();
  const ready = discover();
  const polled = poll();
  const searching = finder?.run();
  const resolving = finishPasswordChanges().catch(() => log('error', 'password_change_not_ended'));

  return {
    ready,
    status: () => ({
      online: bus.isUp(),
      waiting: spool.waitingCount + outbox.count,
      spool: spool.depth(nowMs()),
      unreachable,
      sweeps,
      halted: halt.isHalted(),
    }),
    canWrite: () => {
      try {
        state.setCounter('last_health_check', nowMs());
        return true;
      } catch {
        return false;
      }
    },
    tune: (next) => {
      polling = next;
      retimed.abort();
    },
    stop: async () => {
      stopping.abort();
      await Promise.all([polled, backingUp, searching, resolving]);
      recognised.flush();
      await Promise.all([executor.settled(), overTemperature.settled(), sitePower?.settled()]);
      const sent = Promise.all([senders.control.stop(), senders.telemetry.stop()]);
      await bus.close();
      await sent;
      state.close();
    },
  };
};
