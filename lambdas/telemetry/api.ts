import { livePage, liveQuery, seriesAnswer, seriesQuery } from '../../contracts/api-telemetry.ts';
import {
  exportAnswer,
  exportPath,
  exportQuery,
  exportSiteQuery,
  exportsAnswer,
  exportsQuery,
  newExport,
} from '../../contracts/api-telemetry-export.ts';
import {
  gapsAnswer,
  gapsQuery,
  quarantineAnswer,
  quarantinePath,
  quarantineQuery,
  replayAnswer,
  replayRequest,
} from '../../contracts/api-telemetry-losses.ts';
import {
  aggregatesAnswer,
  aggregatesQuery,
  availabilityAnswer,
  availabilityQuery,
  minerPath,
  minerSeriesAnswer,
  minerSeriesQuery,
} from '../../contracts/api-telemetry-series.ts';
import type { RouteTable } from '../../contracts/route.ts';

const read = { module: 'hosting', level: 'read' } as const;
const oversee = { module: 'hosting', level: 'read', rank: 'operator' } as const;
const operate = { module: 'hosting', level: 'full', rank: 'operator' } as const;

export const queryRoutes = {
  getLive: {
    method: 'GET',
    path: '/api/v1/telemetry/live',
    summary: {
      en: 'The latest of the miners of a site, in columns: filtered, sorted, in pages',
      zh: '站点矿机的最新数据（按列）：可筛选、排序、分页',
    },
    access: read,
    query: liveQuery,
    success: { status: 200, body: livePage },
  },
  getMinerSeries: {
    method: 'GET',
    path: '/api/v1/telemetry/miners/{miner_id}/series',
    summary: {
      en: 'One miner over time, in columns: samples, five minutes, hours or days by range and resolution',
      zh: '单台矿机时间序列（按列）：按范围与分辨率取样本、5 分钟、小时或日数据',
    },
    access: read,
    params: minerPath,
    query: minerSeriesQuery,
    success: { status: 200, body: minerSeriesAnswer },
  },
  getSeries: {
    method: 'GET',
    path: '/api/v1/telemetry/series',
    summary: {
      en: 'History of one miner, point by point: raw, five minutes or daily',
      zh: '单台矿机历史数据（逐点）：原始、5 分钟或每日',
    },
    access: read,
    query: seriesQuery,
    success: { status: 200, body: seriesAnswer },
  },
  getAggregates: {
    method: 'GET',
    path: '/api/v1/telemetry/aggregates',
    summary: {
      en: 'Hashrate, power, efficiency and temperatures of a site, its zones, models or customers over time',
      zh: '站点、分区、机型或客户的算力、功率、能效与温度随时间变化',
    },
    access: read,
    query: aggregatesQuery,
    success: { status: 200, body: aggregatesAnswer },
  },
  getAvailability: {
    method: 'GET',
    path: '/api/v1/telemetry/availability',
    summary: {
      en: 'Availability, outages, MTTR and MTBF of miners or groups',
      zh: '矿机或分组的可用率、停机次数、MTTR 与 MTBF',
    },
    access: read,
    query: availabilityQuery,
    success: { status: 200, body: availabilityAnswer },
  },
  getExportFile: {
    method: 'GET',
    path: '/api/v1/telemetry/export',
    summary: { en: 'A small export as a file: CSV or Parquet', zh: '小型导出文件：CSV 或 Parquet' },
    access: read,
    query: exportQuery,
    success: { status: 200, files: ['text/csv', 'application/vnd.apache.parquet'] },
  },
  listExports: {
    method: 'GET',
    path: '/api/v1/telemetry/exports',
    summary: { en: 'Exports of a site, newest first', zh: '站点的导出任务（由新到旧）' },
    access: read,
    query: exportsQuery,
    success: { status: 200, body: exportsAnswer },
  },
  createExport: {
    method: 'POST',
    path: '/api/v1/telemetry/exports',
    summary: { en: 'Have a large export made', zh: '创建大型导出任务' },
    access: read,
    body: newExport,
    success: { status: 202, body: exportAnswer },
  },
  getExport: {
    method: 'GET',
    path: '/api/v1/telemetry/exports/{export_id}',
    summary: { en: 'How far an export is, and where its file lies', zh: '导出任务的状态与下载地址' },
    access: read,
    params: exportPath,
    query: exportSiteQuery,
    success: { status: 200, body: exportAnswer },
  },
  getGaps: {
    method: 'GET',
    path: '/api/v1/telemetry/gaps',
    summary: {
      en: 'Batches that are missing: asked for again, or lost for good',
      zh: '缺失的批次：正在重新索取或永久丢失',
    },
    access: oversee,
    query: gapsQuery,
    success: { status: 200, body: gapsAnswer },
  },
  listQuarantine: {
    method: 'GET',
    path: '/api/v1/telemetry/quarantine',
    summary: { en: 'Batches that could not be used, with the reason', zh: '被隔离的无法解析的批次及其原因' },
    access: oversee,
    query: quarantineQuery,
    success: { status: 200, body: quarantineAnswer },
  },
} as const satisfies RouteTable;

/** Takes batches in, which the queries' function may not. */
export const replayRoutes = {
  replayQuarantined: {
    method: 'POST',
    path: '/api/v1/telemetry/quarantine/{quarantine_id}/replay',
    summary: {
      en: 'Take in a batch that was set aside, after what was wrong is repaired',
      zh: '修复后重新处理被隔离的批次',
    },
    access: operate,
    params: quarantinePath,
    body: replayRequest,
    success: { status: 200, body: replayAnswer },
  },
} as const satisfies RouteTable;

export const telemetryRoutes = { ...queryRoutes, ...replayRoutes } as const satisfies RouteTable;
