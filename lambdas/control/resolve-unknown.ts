import type { MinerReading } from '../../contracts/reading.ts';
import type { Clock } from '../shared/clock.ts';
import { type CommandRecord, observeEveryMs } from './command.ts';
import { commandEvent, controlActor } from './command-events.ts';
import type { Move } from './move-commands.ts';
import { effectIn, type Observation, restoredIn } from './observe-effect.ts';
import { revert } from './record-response.ts';

export type ResolveDeps = {
  readonly listUnknown: (nowMs: number, limit: number) => Promise<readonly CommandRecord[]>;
  readonly readCommands: (siteId: number, commandIds: readonly string[]) => Promise<readonly CommandRecord[]>;
  /** The latest reading of every miner of a site. */
  readonly readLive: (siteId: number) => Promise<readonly MinerReading[]>;
  readonly moveAll: (moves: readonly Move[]) => Promise<readonly boolean[]>;
  readonly observeAgain: (command: CommandRecord, nextMs?: number) => Promise<void>;
  readonly clock: Clock;
};

/** An effect may take so long to show: a miner boots, warms up, tunes. Before that its absence proves nothing. */
const settleMs = 15 * 60_000;
/** After this nobody looks any more; people decide. */
const giveUpMs = 24 * 3_600_000;
const perRun = 500;

/**
 * Finds out by looking what became of commands whose end is unknown: by telemetry of after the write, never by writing again. What
 * shows the effect completes the command, what still shows none after a quarter of an hour fails it; where telemetry cannot tell, it
 * stays unknown.
 */
export const resolveUnknown = (deps: ResolveDeps) => async (): Promise<{ settled: number; left: number }> => {
  const nowMs = deps.clock.nowMs();
  const due = await deps.listUnknown(nowMs, perRun);
  let settled = 0;
  for (const [siteId, ofSite] of Map.groupBy(due, (command) => command.siteId)) {
    const live = new Map((await deps.readLive(siteId)).map((reading) => [reading.minerId, reading]));
    const commands = await deps.readCommands(
      siteId,
      ofSite.map(({ commandId }) => commandId),
    );
    const reverted = commands.flatMap(({ order }) =>
      order.type === 'ROLLBACK' ? [order.params.ofCommandId] : [],
    );
    const others = reverted.length > 0 ? await deps.readCommands(siteId, reverted) : [];
    const byId = new Map([...commands, ...others].map((command) => [command.commandId, command]));
    const moves: Move[] = [];
    const open: CommandRecord[] = [];
    for (const command of commands.filter(({ status }) => status === 'UNKNOWN')) {
      const move = settlingMove(command, byId, live.get(command.minerId), nowMs);
      if (move) moves.push(move);
      else open.push(command);
    }
    settled += (await deps.moveAll(moves)).filter((done) => done).length;
    for (const command of open) {
      const isOver = nowMs - (command.settledAtMs ?? command.updatedAtMs) >= giveUpMs;
      await deps.observeAgain(command, isOver ? undefined : nowMs + observeEveryMs);
    }
  }
  return { settled, left: due.length - settled };
};

const settlingMove = (
  command: CommandRecord,
  byId: ReadonlyMap<string, CommandRecord>,
  reading: MinerReading | undefined,
  nowMs: number,
): Move | undefined => {
  const sinceMs = command.settledAtMs ?? command.updatedAtMs;
  if (!reading || reading.sampledAtMs <= sinceMs) return undefined;
  const seen = observed(command, byId, reading);
  if (seen === true) {
    const together = revert(command, byId, nowMs);
    const events = [
      commandEvent(command, controlActor, 'control.command.completed', { at_ms: nowMs, reason: 'TELEMETRY' }),
    ];
    const patch = { settledAtMs: nowMs, after: reading };
    return { command, name: 'complete', nowMs, patch, events, ...(together && { together }) };
  }
  if (seen !== false || reading.sampledAtMs - sinceMs < settleMs) return undefined;
  const events = [commandEvent(command, controlActor, 'control.command.failed', { reason: 'NO_EFFECT' })];
  const patch = { settledAtMs: nowMs, failure: { code: 'NO_EFFECT' }, after: reading };
  return { command, name: 'fail', nowMs, patch, events };
};

const observed = (
  { order, dispatchedAtMs = 0 }: CommandRecord,
  byId: ReadonlyMap<string, CommandRecord>,
  reading: MinerReading,
): Observation => {
  if (order.type !== 'ROLLBACK') return effectIn(order, reading, dispatchedAtMs);
  const reverted = byId.get(order.params.ofCommandId);
  return reverted && restoredIn(reverted.order, reverted.before, reading);
};
