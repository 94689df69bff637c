import {
  legacyCommandAnswer,
  legacyCommandPath,
  legacyCommandsAnswer,
  legacyDecision,
  legacyListQuery,
  legacyPendingAnswer,
  legacyPendingQuery,
  legacySettingAnswer,
  legacySite,
  legacySwitch,
  newLegacyCommand,
} from '../../contracts/api-legacy.ts';
import type { RouteTable } from '../../contracts/route.ts';

/** Whether the old routes work for a site. */
export const legacySettingRoutes = {
  getLegacyApi: {
    method: 'GET',
    path: '/api/v1/sites/{site_id}/legacy-api',
    summary: { en: 'Whether the legacy API works for a site', zh: '站点是否启用旧版 API' },
    access: { module: 'system', level: 'read' },
    params: legacySite,
    success: { status: 200, body: legacySettingAnswer },
  },
  switchLegacyApi: {
    method: 'PUT',
    path: '/api/v1/sites/{site_id}/legacy-api',
    summary: {
      en: 'Switch the legacy API of a site on for some days, or off',
      zh: '为站点临时启用或停用旧版 API',
    },
    access: { module: 'system', level: 'full', rank: 'admin' },
    params: legacySite,
    body: legacySwitch,
    success: { status: 200, body: legacySettingAnswer },
  },
} as const satisfies RouteTable;

const read = { module: 'hosting', level: 'read', rank: 'operator' } as const;
const operate = { module: 'hosting', level: 'full', rank: 'operator' } as const;

/** The old routes for people (`000` §8.1): 410 unless the site switched them on. */
export const legacyRoutes = {
  createLegacyCommand: {
    method: 'POST',
    path: '/api/sites/{site_id}/commands',
    summary: { en: 'Deprecated: propose a command', zh: '已弃用：创建命令' },
    access: operate,
    params: legacySite,
    body: newLegacyCommand,
    success: { status: 201, body: legacyCommandAnswer },
  },
  listLegacyCommands: {
    method: 'GET',
    path: '/api/sites/{site_id}/commands',
    summary: { en: 'Deprecated: commands of a site', zh: '已弃用：列出命令' },
    access: read,
    params: legacySite,
    query: legacyListQuery,
    success: { status: 200, body: legacyCommandsAnswer },
  },
  getLegacyCommand: {
    method: 'GET',
    path: '/api/commands/{command_id}',
    summary: { en: 'Deprecated: one command', zh: '已弃用：获取命令' },
    access: read,
    params: legacyCommandPath,
    success: { status: 200, body: legacyCommandAnswer },
  },
  cancelLegacyCommand: {
    method: 'DELETE',
    path: '/api/commands/{command_id}',
    summary: { en: 'Deprecated: cancel a command', zh: '已弃用：取消命令' },
    access: operate,
    params: legacyCommandPath,
    success: { status: 200, body: legacyCommandAnswer },
  },
  decideLegacyCommand: {
    method: 'PUT',
    path: '/api/commands/{command_id}',
    summary: { en: 'Deprecated: approve or deny a command', zh: '已弃用：审批命令' },
    access: { ...operate, person: true },
    params: legacyCommandPath,
    body: legacyDecision,
    success: { status: 200, body: legacyCommandAnswer },
  },
} as const satisfies RouteTable;

/** The old route for gateways. */
export const legacyEdgeRoutes = {
  pollLegacyCommands: {
    method: 'GET',
    path: '/api/remote/commands/pending',
    summary: { en: 'Deprecated: commands for this gateway', zh: '已弃用：轮询命令' },
    access: 'device',
    query: legacyPendingQuery,
    success: { status: 200, body: legacyPendingAnswer },
  },
} as const satisfies RouteTable;
