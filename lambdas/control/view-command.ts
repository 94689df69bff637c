import * as z from 'zod';
import { type Principal, reachesSite } from '../../contracts/access.ts';
import type { CommandList, CommandView } from '../../contracts/api-control.ts';
import type { CommandOrder, CommandStatus } from '../../contracts/command.ts';
import { toUtc } from '../shared/clock.ts';
import { fail, type Result, succeed } from '../shared/result.ts';
import type { CommandRecord } from './command.ts';
import type { CommandPage } from './command-repository.ts';

/** What an order carries, without the pools' passwords. */
const shownParams = (order: CommandOrder) => {
  const params =
    order.type === 'POOL_SET'
      ? { pools: order.params.pools.map(({ url, user }) => ({ url, user })) }
      : order.params;
  return z.record(z.string(), z.json()).parse(params);
};

/** A command as the API shows it. */
export const toView = (command: CommandRecord): CommandView => ({
  command_id: command.commandId,
  site_id: command.siteId,
  gateway_id: command.gatewayId,
  miner_id: command.minerId,
  command_type: command.order.type,
  params: shownParams(command.order),
  priority: command.priority,
  status: command.status,
  requested_by: command.requestedBy,
  approvers: command.approvals,
  correlation_id: command.correlationId,
  ...(command.recommendationId !== undefined && { recommendation_id: command.recommendationId }),
  created_at: toUtc(command.createdAtMs),
  expires_at: toUtc(command.expiresAtMs),
  updated_at: toUtc(command.updatedAtMs),
  ...(command.envelope && { sequence: command.envelope.sequence }),
  ...(command.dispatchedAtMs !== undefined && { dispatched_at: toUtc(command.dispatchedAtMs) }),
  ...(command.acknowledgedAtMs !== undefined && { acknowledged_at: toUtc(command.acknowledgedAtMs) }),
  ...(command.settledAtMs !== undefined && { settled_at: toUtc(command.settledAtMs) }),
  ...(command.failure && { failure: command.failure }),
  ...(command.before && { before: command.before }),
  ...(command.after && { after: command.after }),
});

/** Answers the tenant's site, or undefined. */
type ReadSite = (tenantId: string, siteId: number) => Promise<unknown>;

export type ListDeps = {
  readonly readSite: ReadSite;
  readonly listCommands: (
    siteId: number,
    limit: number,
    status?: CommandStatus,
    cursor?: string,
  ) => Promise<CommandPage>;
};
type ListInput = {
  readonly site_id: number;
  readonly limit: number;
  readonly status?: CommandStatus | undefined;
  readonly cursor?: string | undefined;
};

/** A page of a site's commands, newest first. A site out of reach is not found. */
export const showCommands =
  ({ readSite, listCommands }: ListDeps) =>
  async (who: Principal, { site_id, limit, status, cursor }: ListInput): Promise<Result<CommandList>> => {
    const site = reachesSite(who, site_id) ? await readSite(who.tenantId, site_id) : undefined;
    if (!site) return fail('not_found', 'Site not found');
    const page = await listCommands(site_id, limit, status, cursor);
    const commands = page.commands.map(toView);
    return succeed({
      commands,
      count: commands.length,
      ...(page.nextCursor && { next_cursor: page.nextCursor }),
    });
  };

export type GetDeps = {
  readonly readCommand: (siteId: number, commandId: string) => Promise<CommandRecord | undefined>;
};

/** One command. Another tenant's, or one of a site out of reach, is not found. */
export const showCommand =
  ({ readCommand }: GetDeps) =>
  async (who: Principal, siteId: number, commandId: string): Promise<Result<CommandView>> => {
    const command = reachesSite(who, siteId) ? await readCommand(siteId, commandId) : undefined;
    return command?.tenantId === who.tenantId
      ? succeed(toView(command))
      : fail('not_found', 'Command not found');
  };
