import { randomBytes } from 'node:crypto';
import { SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import * as z from 'zod';
import { exportId } from '../../contracts/api-telemetry-export.ts';
import { siteId } from '../../contracts/identifiers.ts';
import type { RegisteredMiner } from '../fleet/fleet-directory.ts';
import { fail, type Result, succeed } from '../shared/result.ts';
import { checkOrder, type ExportOrder, minersOf } from './export-order.ts';
import type { ExportJob } from './export-repository.ts';

/** What lies in the export queue. */
export const exportDue = z.strictObject({ siteId, exportId });
export type ExportDue = z.infer<typeof exportDue>;

export const sendExportDue = (sqs: SQSClient, queueUrl: string) => async (due: ExportDue) => {
  await sqs.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: JSON.stringify(due) }));
};

/** `ex-` and 24 hex digits, the first twelve of which are the time: an id leads to its item, and cannot be guessed. */
export const newExportId = (nowMs: number) =>
  `ex-${nowMs.toString(16).padStart(12, '0')}${randomBytes(6).toString('hex')}`;

export type RequestExportDeps = {
  readonly readMiners: (siteId: number) => Promise<readonly RegisteredMiner[]>;
  readonly insert: (job: ExportJob) => Promise<void>;
  readonly send: (due: ExportDue) => Promise<void>;
};

/** Notes an export and has it made. Fails where no miner fits or the rows would be too many. */
export const requestExport =
  ({ readMiners, insert, send }: RequestExportDeps) =>
  async (order: ExportOrder, userId: number, nowMs: number): Promise<Result<ExportJob>> => {
    const miners = minersOf(order, await readMiners(order.siteId));
    if (miners.length === 0) return fail('validation_failed', 'No miner of this site fits');
    const checked = checkOrder(order, miners.length, 'job');
    if (!checked.ok) return checked;
    const job: ExportJob = {
      export_id: newExportId(nowMs),
      status: 'queued',
      order,
      requested_by: String(userId),
      requested_at_ms: nowMs,
    };
    await insert(job);
    await send({ siteId: order.siteId, exportId: job.export_id });
    return succeed(job);
  };
