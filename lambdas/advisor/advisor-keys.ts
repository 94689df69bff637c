import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';

export type AdvisorStore = { readonly db: DynamoDBDocumentClient; readonly advisorTable: string };

/** Indexes of the advisor's table, each by partition and sort attribute. */
export const advisorIndexes = [
  { name: 'by-site', pk: 'site_pk', sk: 'created_sk' },
  { name: 'by-status', pk: 'status_pk', sk: 'created_sk' },
  { name: 'by-due', pk: 'due_pk', sk: 'due_sk' },
] as const;

const siteOf = (tenantId: string, siteId: number) => `${tenantId}#${siteId}`;

/**
 * Items: recommendations with their feedback, progress, baseline and sealed tokens in one partition; loops with their
 * diagnosis; rules of a tenant; learning counters of a site; which recommendation is open for a miner, and which
 * commands the loop had carried out on it.
 */
export const advisorKeys = {
  recommendation: (id: string) => ({ pk: `REC#${id}`, sk: 'META' }),
  feedback: (id: string, atMs: number, feedbackId: string) => ({
    pk: `REC#${id}`,
    sk: `FEEDBACK#${String(atMs).padStart(15, '0')}#${feedbackId}`,
  }),
  automatedCheck: (id: string) => ({ pk: `REC#${id}`, sk: 'FEEDBACK#automated' }),
  progress: (id: string) => ({ pk: `REC#${id}`, sk: 'PROGRESS' }),
  baseline: (id: string) => ({ pk: `REC#${id}`, sk: 'BASELINE' }),
  token: (id: string, wait: 'approval' | 'execution') => ({ pk: `REC#${id}`, sk: `TOKEN#${wait}` }),
  loop: (loopId: string) => ({ pk: `LOOP#${loopId}`, sk: 'META' }),
  diagnosis: (loopId: string) => ({ pk: `LOOP#${loopId}`, sk: 'DIAGNOSIS' }),
  openForMiner: (siteId: number, minerId: string) => ({ pk: `MINER#${siteId}#${minerId}`, sk: 'OPEN' }),
  minerCommand: (siteId: number, minerId: string, atMs: number) => ({
    pk: `MINER#${siteId}#${minerId}`,
    sk: `COMMAND#${String(atMs).padStart(15, '0')}`,
  }),
  rule: (tenantId: string, ruleId: number) => ({
    pk: `RULES#${tenantId}`,
    sk: `RULE#${String(ruleId).padStart(9, '0')}`,
  }),
  ruleCounter: (tenantId: string) => ({ pk: `RULES#${tenantId}`, sk: 'COUNTER' }),
  siteOfTenant: (tenantId: string, siteId: number) => ({ pk: `TENANT#${tenantId}`, sk: `SITE#${siteId}` }),
  stats: (tenantId: string, siteId: number) => ({ pk: `STATS#${siteOf(tenantId, siteId)}`, sk: 'ALL' }),
  recommendationsOfSite: (tenantId: string, siteId: number) => `RECS#${siteOf(tenantId, siteId)}`,
  recommendationsByStatus: (tenantId: string, siteId: number, status: string) =>
    `RECS#${siteOf(tenantId, siteId)}#${status}`,
  loopsOfSite: (tenantId: string, siteId: number) => `LOOPS#${siteOf(tenantId, siteId)}`,
  due: 'DUE',
};

/** ISO times sort as text; the id makes them unique. */
export const createdKey = (atMs: number, id: string) => `${new Date(atMs).toISOString()}#${id}`;
