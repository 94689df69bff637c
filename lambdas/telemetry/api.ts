import { livePage, liveQuery, seriesAnswer, seriesQuery } from '../../contracts/api-telemetry.ts';
import { quarantineAnswer, quarantineQuery } from '../../contracts/api-telemetry-losses.ts';
import type { RouteTable } from '../../contracts/route.ts';

const read = { module: 'hosting', level: 'read' } as const;

export const telemetryRoutes = {
  getLive: {
    method: 'GET',
    path: '/api/v1/telemetry/live',
    summary: { en: 'The latest of every miner of a site, in columns', zh: '站点所有矿机的最新数据（按列）' },
    access: read,
    query: liveQuery,
    success: { status: 200, body: livePage },
  },
  getSeries: {
    method: 'GET',
    path: '/api/v1/telemetry/series',
    summary: {
      en: 'History of one miner: raw, five minutes or daily',
      zh: '单台矿机历史数据：原始、5 分钟或每日',
    },
    access: read,
    query: seriesQuery,
    success: { status: 200, body: seriesAnswer },
  },
  listQuarantine: {
    method: 'GET',
    path: '/api/v1/telemetry/quarantine',
    summary: { en: 'Batches that could not be used, with the reason', zh: '被隔离的无法解析的批次及其原因' },
    access: read,
    query: quarantineQuery,
    success: { status: 200, body: quarantineAnswer },
  },
} as const satisfies RouteTable;
