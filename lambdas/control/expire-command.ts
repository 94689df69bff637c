import type { Clock } from '../shared/clock.ts';
import { fail, type Result, succeed } from '../shared/result.ts';
import { type CommandRecord, mayMove } from './command.ts';
import { commandEvent, controlActor } from './command-events.ts';
import type { Move } from './move-commands.ts';

export type ExpireDeps = {
  readonly readCommand: (siteId: number, commandId: string) => Promise<CommandRecord | undefined>;
  readonly moveCommand: (move: Move) => Promise<boolean>;
  readonly clock: Clock;
};

/**
 * Settles a command whose time has run out: not yet acknowledged becomes EXPIRED, acknowledged without a result becomes
 * UNKNOWN. Answers with the command as it then stands; one that still has time is left alone, because its gateway may
 * yet carry it out.
 */
export const expireCommand =
  (deps: ExpireDeps) =>
  async (siteId: number, commandId: string): Promise<Result<CommandRecord>> => {
    const command = await deps.readCommand(siteId, commandId);
    if (!command) return fail('not_found', 'Command not found');
    const nowMs = deps.clock.nowMs();
    const move = overdueMove(command, nowMs);
    if (!move) return succeed(command);
    await deps.moveCommand(move);
    const settled = await deps.readCommand(siteId, commandId);
    return settled ? succeed(settled) : fail('not_found', 'Command not found');
  };

/** What silence makes of a command whose time is over; undefined while it has time, or where it is settled. */
const overdueMove = (command: CommandRecord, nowMs: number): Move | undefined => {
  const settle = (code: string) => ({ settledAtMs: nowMs, failure: { code } });
  if (mayMove(command, 'expire', nowMs)) {
    const events = [commandEvent(command, controlActor, 'control.command.expired', {})];
    return { command, name: 'expire', nowMs, patch: settle('EXPIRED'), events };
  }
  if (!mayMove(command, 'giveUp', nowMs)) return undefined;
  const events = [commandEvent(command, controlActor, 'control.command.unknown', { reason: 'NO_RESULT' })];
  return { command, name: 'giveUp', nowMs, patch: settle('NO_RESULT'), events };
};

export type ExpireDueDeps = {
  readonly readCommands: (siteId: number, commandIds: readonly string[]) => Promise<readonly CommandRecord[]>;
  readonly moveAll: (moves: readonly Move[]) => Promise<readonly boolean[]>;
  readonly clock: Clock;
  readonly listDue: (nowMs: number, limit: number) => Promise<readonly CommandRecord[]>;
};

const pageSize = 100;

/** Settles every command whose time has run out. Stops when `mayGoOn` says so; the next run takes the rest. */
export const expireDue = (deps: ExpireDueDeps) => async (mayGoOn: () => boolean) => {
  let settled = 0;
  const tried = new Set<string>();
  while (mayGoOn()) {
    const due = await deps.listDue(deps.clock.nowMs(), pageSize);
    const fresh = due.filter(({ commandId }) => !tried.has(commandId));
    if (fresh.length === 0) break;
    for (const [siteId, ofSite] of Map.groupBy(fresh, (command) => command.siteId)) {
      for (const { commandId } of ofSite) tried.add(commandId);
      const nowMs = deps.clock.nowMs();
      const commands = await deps.readCommands(
        siteId,
        ofSite.map(({ commandId }) => commandId),
      );
      const moves = commands.flatMap((command) => overdueMove(command, nowMs) ?? []);
      settled += (await deps.moveAll(moves)).filter((done) => done).length;
    }
  }
  return settled;
};
