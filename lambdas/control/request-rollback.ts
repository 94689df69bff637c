import type { Principal } from '../../contracts/access.ts';
import type { TransactItem } from '../audit/commit-with-audit.ts';
import { fail, type Result } from '../shared/result.ts';
import type { CommandRecord } from './command.ts';
import { asMinerOrder, idempotencyKeyOf, putRequest } from './request-command.ts';
import { type RequestDeps, reachSite } from './request-deps.ts';

export type RollbackDeps = RequestDeps & {
  /** The write that makes a rollback the one of its command, unless another took its place. */
  readonly claimRollback: (command: CommandRecord, rollbackId: string) => TransactItem;
};

/** Ends of a rollback after which another may be asked for. */
const cameToNothing: readonly string[] = ['FAILED', 'DENIED', 'EXPIRED', 'CANCELLED'];

/**
 * Asks for what a command changed to be put back as its gateway recorded it. It needs the approvals that the command needed, and
 * there is one at a time. `invalid_state` where the command took no effect, leaves nothing to put back, or is put back already.
 */
export const requestRollback =
  (deps: RollbackDeps) =>
  async (
    who: Principal,
    commandId: string,
    { site_id, reason }: { readonly site_id: number; readonly reason: string },
    idempotency: string | undefined,
  ): Promise<Result<CommandRecord>> => {
    const key = idempotencyKeyOf(who, idempotency);
    if (!key.ok) return key;
    const site = await reachSite(deps, who, site_id);
    if (!site.ok) return fail('not_found', 'Command not found');
    const command = await deps.readCommand(site_id, commandId);
    if (command?.tenantId !== who.tenantId) return fail('not_found', 'Command not found');
    const judgedBy = asMinerOrder(command.order);
    if (!judgedBy || judgedBy.type === 'MINER_RESTART')
      return fail('invalid_state', `${command.order.type} cannot be rolled back`);
    const earlier = command.rollbackId ? await deps.readCommand(site_id, command.rollbackId) : undefined;
    const isOpen = earlier && !cameToNothing.includes(earlier.status);
    const repeats = key.value !== undefined && earlier?.dedupeKey === key.value;
    if (isOpen && !repeats)
      return fail('invalid_state', `Command is being rolled back (${command.rollbackId}, ${earlier.status})`);
    if (!repeats && command.status !== 'COMPLETED' && command.status !== 'UNKNOWN')
      return fail('invalid_state', `Command cannot be rolled back (status=${command.status})`);
    const miner = await deps.readMiner(site_id, command.minerId);
    return putRequest(deps, who, {
      siteId: site_id,
      miner: {
        minerId: command.minerId,
        gatewayId: command.gatewayId,
        ratedPowerW: miner?.ratedPowerW ?? (command.powerKw ?? 0) * 1_000,
      },
      order: { type: 'ROLLBACK', params: { ofCommandId: commandId } },
      judgedBy,
      priority: command.priority,
      reason,
      timeZone: site.value.time_zone,
      idempotencyKey: key.value,
      correlationId: command.correlationId,
      others: (rollbackId) => [deps.claimRollback(command, rollbackId)],
      refusal: 'Command changed meanwhile, or somebody else asked for its rollback',
    });
  };
