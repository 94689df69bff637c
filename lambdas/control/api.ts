import {
  commandIdParams,
  commandList,
  commandView,
  getCommandQuery,
  listCommandsQuery,
} from '../../contracts/api-control.ts';
import type { RouteTable } from '../../contracts/route.ts';

const access = { module: 'hosting', level: 'read', rank: 'operator' } as const;

export const controlRoutes = {
  listCommands: {
    method: 'GET',
    path: '/api/v1/commands',
    summary: { en: 'Commands of a site, newest first', zh: '站点的命令（由新到旧）' },
    access,
    query: listCommandsQuery,
    success: { status: 200, body: commandList },
  },
  getCommand: {
    method: 'GET',
    path: '/api/v1/commands/{command_id}',
    summary: { en: 'One command', zh: '命令详情' },
    access,
    params: commandIdParams,
    query: getCommandQuery,
    success: { status: 200, body: commandView },
  },
} as const satisfies RouteTable;
