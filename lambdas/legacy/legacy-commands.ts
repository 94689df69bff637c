import type * as z from 'zod';
import type { Principal } from '../../contracts/access.ts';
import type { CommandList, CommandView, ListCommandsQuery, NewCommand } from '../../contracts/api-control.ts';
import {
  type LegacyCommand,
  type legacyDecision,
  type NewLegacyCommand,
  orderOfLegacy,
} from '../../contracts/api-legacy.ts';
import { fail, type Result, succeed } from '../shared/result.ts';
import { toLegacy } from './legacy-command.ts';

/** The successors' use cases, and what the old routes need beside them. */
export type LegacyDeps = {
  /** The tenant's sites for which the old routes work. */
  readonly sitesOn: (tenantId: string) => Promise<readonly number[]>;
  readonly request: (
    who: Principal,
    body: NewCommand,
    idempotencyKey: string | undefined,
  ) => Promise<Result<CommandView>>;
  readonly list: (who: Principal, query: ListCommandsQuery) => Promise<Result<CommandList>>;
  readonly show: (who: Principal, siteId: number, commandId: string) => Promise<Result<CommandView>>;
  readonly approve: Step;
  readonly deny: Step;
  readonly cancel: Step;
};
type Step = (
  who: Principal,
  commandId: string,
  body: { readonly site_id: number; readonly reason: string },
) => Promise<Result<CommandView>>;
type Answer = Result<{ readonly success: true; readonly command: LegacyCommand }>;

const answer = (result: Result<CommandView>): Answer =>
  result.ok ? succeed({ success: true, command: toLegacy(result.value) }) : result;
const notFound = fail('not_found', 'Command not found');

/** The old path has no site: the command is looked for at the sites that are switched on, and that the account reaches. */
const locate = async (deps: LegacyDeps, who: Principal, commandId: string) => {
  for (const siteId of await deps.sitesOn(who.tenantId)) {
    const found = await deps.show(who, siteId, commandId);
    if (found.ok) return { siteId, command: found.value };
    if (found.failure.code !== 'not_found') return undefined;
  }
  return undefined;
};

export const createLegacy =
  (deps: LegacyDeps) =>
  async (
    who: Principal,
    siteId: number,
    asked: NewLegacyCommand,
    idempotencyKey: string | undefined,
  ): Promise<Answer> =>
    answer(
      await deps.request(
        who,
        {
          site_id: siteId,
          miner_id: asked.miner_id,
          priority: asked.priority,
          reason: asked.reason,
          order: orderOfLegacy(asked),
        },
        idempotencyKey,
      ),
    );

export const listLegacy = (deps: LegacyDeps) => async (who: Principal, siteId: number, limit: number) => {
  const listed = await deps.list(who, { site_id: siteId, limit });
  if (!listed.ok) return listed;
  const commands = listed.value.commands.map(toLegacy);
  return succeed({ success: true as const, commands, count: commands.length });
};

export const getLegacy =
  (deps: LegacyDeps) =>
  async (who: Principal, commandId: string): Promise<Answer> => {
    const found = await locate(deps, who, commandId);
    return found ? answer(succeed(found.command)) : notFound;
  };

export const cancelLegacy =
  (deps: LegacyDeps) =>
  async (who: Principal, commandId: string): Promise<Answer> => {
    const found = await locate(deps, who, commandId);
    if (!found) return notFound;
    return answer(await deps.cancel(who, commandId, { site_id: found.siteId, reason: 'Legacy API' }));
  };

export const decideLegacy =
  (deps: LegacyDeps) =>
  async (who: Principal, commandId: string, asked: z.output<typeof legacyDecision>): Promise<Answer> => {
    const found = await locate(deps, who, commandId);
    if (!found) return notFound;
    const body = { site_id: found.siteId, reason: asked.reason };
    return answer(await (asked.approved ? deps.approve : deps.deny)(who, commandId, body));
  };
