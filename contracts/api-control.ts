import * as z from 'zod';
import { commandStatuses, commandTypes } from './command.ts';
import { gatewayId, minerId, siteId, siteIdText, utcTime } from './identifiers.ts';
import { pageCursor } from './page-cursor.ts';
import { minerReading } from './reading.ts';

/** A command's id in a path. */
export const commandIdParams = z.strictObject({ command_id: z.string().min(1).max(64) });

/** `GET /api/v1/commands`: one site's commands, newest first. */
export const listCommandsQuery = z.strictObject({
  site_id: siteIdText,
  status: z.enum(commandStatuses).optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: pageCursor(z.string().regex(/^cmd-[0-9a-f]{28}$/)),
});

/** `GET /api/v1/commands/{command_id}` */
export const getCommandQuery = z.strictObject({ site_id: siteIdText });

/**
 * A command as operators see it. Pool passwords are never shown. `sequence` and `dispatched_at` come with the dispatch,
 * `before` and `after` are the gateway's readings around the write, `failure` says why it did not succeed.
 */
export const commandView = z.strictObject({
  command_id: z.string(),
  site_id: siteId,
  gateway_id: gatewayId,
  miner_id: minerId,
  command_type: z.enum(commandTypes),
  params: z.record(z.string(), z.json()),
  priority: z.int(),
  status: z.enum(commandStatuses),
  requested_by: z.string(),
  approvers: z.array(z.string()),
  correlation_id: z.string(),
  recommendation_id: z.string().optional(),
  created_at: utcTime,
  expires_at: utcTime,
  updated_at: utcTime,
  sequence: z.int().optional(),
  dispatched_at: utcTime.optional(),
  acknowledged_at: utcTime.optional(),
  settled_at: utcTime.optional(),
  failure: z.strictObject({ code: z.string(), detail: z.string().optional() }).optional(),
  before: minerReading.optional(),
  after: minerReading.optional(),
});
export type CommandView = z.infer<typeof commandView>;

export const commandList = z.strictObject({
  commands: z.array(commandView),
  count: z.int().nonnegative(),
  next_cursor: z.string().optional(),
});
export type CommandList = z.infer<typeof commandList>;
