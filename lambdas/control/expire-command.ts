import type { NewDomainEvent } from '../../contracts/domain-event.ts';
import type { Clock } from '../shared/clock.ts';
import { fail, type Result, succeed } from '../shared/result.ts';
import { type CommandRecord, mayMove, type TransitionName } from './command.ts';
import { commandEvent, controlActor } from './command-events.ts';
import type { CommandPatch } from './command-repository.ts';

export type ExpireDeps = {
  readonly readCommand: (siteId: number, commandId: string) => Promise<CommandRecord | undefined>;
  readonly moveCommand: (
    command: CommandRecord,
    name: TransitionName,
    nowMs: number,
    patch: CommandPatch,
    events: readonly NewDomainEvent[],
  ) => Promise<boolean>;
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
    const patch = { settledAtMs: nowMs };
    if (mayMove(command, 'expire', nowMs)) {
      const event = commandEvent(command, controlActor, 'control.command.expired', {});
      await deps.moveCommand(command, 'expire', nowMs, { ...patch, failure: { code: 'EXPIRED' } }, [event]);
    } else if (mayMove(command, 'giveUp', nowMs)) {
      const event = commandEvent(command, controlActor, 'control.command.unknown', { reason: 'NO_RESULT' });
      await deps.moveCommand(command, 'giveUp', nowMs, { ...patch, failure: { code: 'NO_RESULT' } }, [event]);
    } else return succeed(command);
    const settled = await deps.readCommand(siteId, commandId);
    return settled ? succeed(settled) : fail('not_found', 'Command not found');
  };

export type ExpireDueDeps = ExpireDeps & {
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
    for (const { siteId, commandId } of fresh) {
      if (!mayGoOn()) break;
      tried.add(commandId);
      await expireCommand(deps)(siteId, commandId);
      settled += 1;
    }
  }
  return settled;
};
