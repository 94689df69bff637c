import * as z from 'zod';
import { type Principal, reachesSite } from '../../contracts/access.ts';
import type { CommandList, CommandView, ListCommandsQuery } from '../../contracts/api-control.ts';
import type { CommandOrder, CommandStatus } from '../../contracts/command.ts';
import { toUtc } from '../shared/clock.ts';
import { toCursor } from '../shared/cursor.ts';
import { fail, type Result, succeed } from '../shared/result.ts';
import { type ApprovalNeed, countedVotes, type Vote } from './ballot.ts';
import type { CommandRecord } from './command.ts';
import type { CommandPage } from './command-lists.ts';

const toSnake = (name: string) => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

const anyParams = z.record(z.string(), z.json());
/** What an order carries, without the pools' passwords. */
export const shownParams = (order: CommandOrder) => {
  const params =
    order.type === 'POOL_SET'
      ? { pools: order.params.pools.map(({ url, user }) => ({ url, user })) }
      : Object.fromEntries(Object.entries(order.params).map(([name, value]) => [toSnake(name), value]));
  return anyParams.parse(params);
};

/** Where an approval stands; votes for something else than what is asked now are not shown. */
export const shownApproval = (
  need: ApprovalNeed,
  {
    requestedBy,
    votes,
    selectionHash,
  }: { readonly requestedBy: string; readonly votes: readonly Vote[]; readonly selectionHash: string },
) => ({
  votes_needed: need.votes,
  rank_needed: need.rank,
  ...(need.approverIds && { approver_ids: need.approverIds }),
  votes: countedVotes({ requestedBy, need, votes, selectionHash }).map(
    ({ userId, name, rank, atMs, reason }) => ({
      user_id: userId,
      name,
      rank,
      at: toUtc(atMs),
      ...(reason !== undefined && { reason }),
    }),
  ),
});

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
  ...(command.reason !== undefined && { reason: command.reason }),
  approvers: command.approvals,
  ...(command.need && {
    approval: shownApproval(command.need, {
      requestedBy: command.requestedBy,
      votes: command.votes ?? [],
      selectionHash: command.selectionHash ?? '',
    }),
  }),
  ...(command.selectionHash !== undefined && { selection_hash: command.selectionHash }),
  ...(command.tier !== undefined && { risk_tier: command.tier }),
  correlation_id: command.correlationId,
  ...(command.recommendationId !== undefined && { recommendation_id: command.recommendationId }),
  ...(command.batchId !== undefined && { batch_id: command.batchId }),
  ...(command.rollbackId !== undefined && { rollback_id: command.rollbackId }),
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
    span?: { readonly sinceMs?: number; readonly untilMs?: number },
  ) => Promise<CommandPage>;
};

const fits = (query: ListCommandsQuery) => (command: CommandRecord) =>
  (query.command_type ?? command.order.type) === command.order.type &&
  (query.miner_id ?? command.minerId) === command.minerId &&
  (query.gateway_id ?? command.gatewayId) === command.gatewayId &&
  (query.batch_id ?? command.batchId) === command.batchId &&
  (query.requested_by ?? command.requestedBy) === command.requestedBy;

/** A page looks through at most so many commands for those that fit, and then says where to go on. */
const mostLooked = 2_000;
const perLook = 200;

/** A page of a site's commands, newest first. A site out of reach is not found. */
export const showCommands =
  ({ readSite, listCommands }: ListDeps) =>
  async (who: Principal, query: ListCommandsQuery): Promise<Result<CommandList>> => {
    const { site_id, limit, status } = query;
    const site = reachesSite(who, site_id) ? await readSite(who.tenantId, site_id) : undefined;
    if (!site) return fail('not_found', 'Site not found');
    const span = {
      ...(query.since !== undefined && { sinceMs: Date.parse(query.since) }),
      ...(query.until !== undefined && { untilMs: Date.parse(query.until) }),
    };
    const isFitting = fits(query);
    const found: CommandRecord[] = [];
    let cursor = query.cursor;
    let next: string | undefined;
    for (let looked = 0; looked < mostLooked && found.length < limit; ) {
      const page = await listCommands(site_id, perLook, status, cursor, span);
      looked += page.commands.length;
      for (const command of page.commands) {
        if (found.length === limit) break;
        cursor = command.commandId;
        if (isFitting(command)) found.push(command);
      }
      const isThrough = cursor === page.commands.at(-1)?.commandId || page.commands.length === 0;
      next = isThrough ? page.nextCursor : cursor && toCursor(cursor);
      if (isThrough && !page.nextCursor) break;
    }
    const commands = found.map(toView);
    return succeed({ commands, count: commands.length, ...(next !== undefined && { next_cursor: next }) });
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
