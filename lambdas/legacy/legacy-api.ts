import { principal } from '../../contracts/access.ts';
import { approveCommand, cancelCommand, type DecideDeps, denyCommand } from '../control/decide-command.ts';
import { requestCommand } from '../control/request-command.ts';
import type { RequestDeps } from '../control/request-deps.ts';
import { type GetDeps, type ListDeps, showCommand, showCommands, toView } from '../control/view-command.ts';
import { apiHandler } from '../shared/api-handler.ts';
import { type Result, succeed } from '../shared/result.ts';
import { legacyRoutes } from './api.ts';
import { withSunset } from './gone.ts';
import {
  cancelLegacy,
  createLegacy,
  decideLegacy,
  getLegacy,
  type LegacyDeps,
  listLegacy,
} from './legacy-commands.ts';

const shown = <T, U>(result: Result<T>, show: (value: T) => U) =>
  result.ok ? succeed(show(result.value)) : result;
const asBody = <T>(result: Result<T>) => (result.ok ? succeed({ body: result.value }) : result);

/** The successors' use cases as the old routes call them. */
export const legacyDeps = (
  successor: RequestDeps & DecideDeps & ListDeps & GetDeps,
  sitesOn: LegacyDeps['sitesOn'],
): LegacyDeps => ({
  sitesOn,
  request: async (...given) => shown(await requestCommand(successor)(...given), toView),
  list: showCommands(successor),
  show: showCommand(successor),
  approve: async (...given) => shown(await approveCommand(successor)(...given), toView),
  deny: async (...given) => shown(await denyCommand(successor)(...given), toView),
  cancel: async (...given) => shown(await cancelCommand(successor)(...given), toView),
});

/** The old routes for people. They work for the site in the path, or, where the path has none, for those of the tenant that are on. */
export const legacyApi = (
  deps: LegacyDeps,
  isSiteOn: (tenantId: string, siteId: number) => Promise<boolean>,
) => {
  const handle = apiHandler(legacyRoutes, {
    createLegacyCommand: async ({ who, params, body, idempotencyKey }) =>
      asBody(await createLegacy(deps)(who, params.site_id, body, idempotencyKey)),
    listLegacyCommands: async ({ who, params, query }) =>
      asBody(await listLegacy(deps)(who, params.site_id, query.limit)),
    getLegacyCommand: async ({ who, params }) => asBody(await getLegacy(deps)(who, params.command_id)),
    cancelLegacyCommand: async ({ who, params }) => asBody(await cancelLegacy(deps)(who, params.command_id)),
    decideLegacyCommand: async ({ who, params, body }) =>
      asBody(await decideLegacy(deps)(who, params.command_id, body)),
  });
  return withSunset<Parameters<typeof handle>[0]>(async ({ requestContext, pathParameters }) => {
    const text = requestContext.authorizer?.lambda?.principal;
    if (!text) return 'stranger';
    const { tenantId } = principal.parse(JSON.parse(text));
    const siteId = pathParameters?.site_id;
    if (siteId === undefined) return (await deps.sitesOn(tenantId)).length > 0;
    return /^[1-9][0-9]{0,8}$/.test(siteId) && isSiteOn(tenantId, Number(siteId));
  }, handle);
};
