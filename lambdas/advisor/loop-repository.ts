import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { GetCommand, QueryCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { type AlertKind, alertKinds, type Severity, severities } from '../../contracts/alert.ts';
import {
  type Loop,
  type LoopStatus,
  type LoopStep,
  loopStatuses,
  loopSteps,
} from '../../contracts/api-advisor.ts';
import { type Text, text } from '../../contracts/text.ts';
import type { TransactItem } from '../audit/commit-with-audit.ts';
import { toUtc } from '../shared/clock.ts';
import { type AdvisorStore, advisorKeys, createdKey } from './advisor-keys.ts';

/** What starts a loop: an alert of one miner, or an incident of several. */
export type LoopStart = {
  readonly loopId: string;
  readonly tenantId: string;
  readonly siteId: number;
  readonly kind: AlertKind;
  readonly severity: Severity;
  readonly zoneId: string;
  readonly minerIds: readonly string[];
  readonly alertId?: string | undefined;
  readonly incidentId?: string | undefined;
  readonly batchReceivedAtMs: number;
  readonly openedAtMs: number;
};

const step = z.object({ at: z.string(), note: text });
const stored = z.object({
  loop_id: z.string(),
  tenant_id: z.string(),
  site_id: z.int(),
  kind: z.enum(alertKinds),
  severity: z.enum(severities),
  zone_id: z.string(),
  miner_ids: z.array(z.string()),
  alert_id: z.string().optional(),
  incident_id: z.string().optional(),
  batch_received_at_ms: z.int(),
  recommendation_id: z.string().optional(),
  superseded_by: z.string().optional(),
  command_ids: z.instanceof(Set).optional(),
  loop_status: z.enum(loopStatuses).default('running'),
});
const storedSteps = z.record(z.string(), z.unknown());

/** How far each status is along; a late event never takes a loop back. */
const statusRank: Readonly<Record<LoopStatus, number>> = {
  running: 1,
  awaiting_approval: 2,
  executing: 4,
  manual_review: 8,
  covered: 8,
  rejected: 9,
  expired: 9,
  no_effect: 9,
  failed: 9,
  effective: 9,
};

const baseUpdate = (start: LoopStart) => {
  const values: Record<string, unknown> = {
    loop_id: start.loopId,
    tenant_id: start.tenantId,
    site_id: start.siteId,
    kind: start.kind,
    severity: start.severity,
    zone_id: start.zoneId,
    miner_ids: start.minerIds,
    alert_id: start.alertId,
    incident_id: start.incidentId,
    batch_received_at_ms: start.batchReceivedAtMs,
    site_pk: advisorKeys.loopsOfSite(start.tenantId, start.siteId),
    created_sk: createdKey(start.openedAtMs, start.loopId),
  };
  const known = Object.entries(values).filter(([, value]) => value !== undefined);
  return {
    sets: known.map(([name]) => `#${name} = if_not_exists(#${name}, :${name})`),
    names: Object.fromEntries(known.map(([name]) => [`#${name}`, name])),
    values: Object.fromEntries(known.map(([name, value]) => [`:${name}`, value])),
  };
};

/** Makes sure that the loop is on record, with what started it. */
export const recordLoop =
  ({ db, advisorTable }: AdvisorStore) =>
  async (start: LoopStart): Promise<void> => {
    const { sets, names, values } = baseUpdate(start);
    await db.send(
      new UpdateCommand({
        TableName: advisorTable,
        Key: advisorKeys.loop(start.loopId),
        UpdateExpression: `SET ${sets.join(', ')}`,
        ExpressionAttributeNames: names,
        ExpressionAttributeValues: values,
      }),
    );
  };

/**
 * One state machine execution takes a loop; every other one of the same alert or incident finds it taken. The same
 * execution may take it again, because its first task may be retried.
 */
export const takeLoop =
  ({ db, advisorTable }: AdvisorStore) =>
  async (start: LoopStart, execution: string): Promise<boolean> => {
    const { sets, names, values } = baseUpdate(start);
    try {
      await db.send(
        new UpdateCommand({
          TableName: advisorTable,
          Key: advisorKeys.loop(start.loopId),
          UpdateExpression: `SET ${sets.join(', ')}, execution = :execution`,
          ConditionExpression: 'attribute_not_exists(execution) OR execution = :execution',
          ExpressionAttributeNames: names,
          ExpressionAttributeValues: { ...values, ':execution': execution },
        }),
      );
      return true;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return false;
      throw error;
    }
  };

export type LoopChange = {
  readonly step?: { readonly name: LoopStep; readonly at: string; readonly note: Text } | undefined;
  readonly status?: LoopStatus | undefined;
  readonly recommendationId?: string | undefined;
  readonly commandId?: string | undefined;
};

/** Adds to a loop's timeline. The first time of a step stays; a status never goes back. Repeating it changes nothing. */
export const changeLoop =
  ({ db, advisorTable }: AdvisorStore) =>
  async (
    loopId: string,
    { step: reached, status, recommendationId, commandId }: LoopChange,
  ): Promise<void> => {
    const Key = advisorKeys.loop(loopId);
    const sets = [
      reached && '#step = if_not_exists(#step, :step)',
      recommendationId && 'recommendation_id = :recommendation',
    ].filter(Boolean);
    const update = [sets.length > 0 && `SET ${sets.join(', ')}`, commandId && 'ADD command_ids :commands']
      .filter(Boolean)
      .join(' ');
    if (update) {
      const values = {
        ...(reached && { ':step': { at: reached.at, note: reached.note } }),
        ...(recommendationId && { ':recommendation': recommendationId }),
        ...(commandId && { ':commands': new Set([commandId]) }),
      };
      await db.send(
        new UpdateCommand({
          TableName: advisorTable,
          Key,
          UpdateExpression: update,
          ...(reached && { ExpressionAttributeNames: { '#step': `step_${reached.name}` } }),
          ExpressionAttributeValues: values,
        }),
      );
    }
    if (!status) return;
    try {
      await db.send(
        new UpdateCommand({
          TableName: advisorTable,
          Key,
          UpdateExpression: 'SET loop_status = :status, status_rank = :rank',
          ConditionExpression: 'attribute_not_exists(status_rank) OR status_rank < :rank',
          ExpressionAttributeValues: { ':status': status, ':rank': statusRank[status] },
        }),
      );
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
    }
  };

/** Marks an alert's loop as taken over by an incident, whether it has begun already or not. */
export const supersedeLoop =
  ({ db, advisorTable }: AdvisorStore) =>
  async (loopId: string, incidentId: string): Promise<void> => {
    await db.send(
      new UpdateCommand({
        TableName: advisorTable,
        Key: advisorKeys.loop(loopId),
        UpdateExpression: 'SET superseded_by = if_not_exists(superseded_by, :incident)',
        ExpressionAttributeValues: { ':incident': incidentId },
      }),
    );
  };

/** Part of the transaction that creates a loop's recommendation: an incident may have come first. */
export const requireNotSuperseded = (table: string, loopId: string): TransactItem => ({
  ConditionCheck: {
    TableName: table,
    Key: advisorKeys.loop(loopId),
    ConditionExpression: 'attribute_not_exists(superseded_by)',
  },
});

const toLoop = (item: unknown): Loop & { readonly tenantId: string } => {
  const found = stored.parse(item);
  const attributes = storedSteps.parse(item);
  const steps = loopSteps.flatMap((name) => {
    const reached = step.optional().parse(attributes[`step_${name}`]);
    return reached ? [{ step: name, at: reached.at, note: reached.note }] : [];
  });
  return {
    tenantId: found.tenant_id,
    loop_id: found.loop_id,
    site_id: found.site_id,
    kind: found.kind,
    severity: found.severity,
    miner_ids: found.miner_ids,
    zone_id: found.zone_id,
    ...(found.alert_id && { alert_id: found.alert_id }),
    ...(found.incident_id && { incident_id: found.incident_id }),
    ...(found.recommendation_id && { recommendation_id: found.recommendation_id }),
    command_ids: z.array(z.string()).parse([...(found.command_ids ?? [])]),
    status: found.loop_status,
    batch_received_at: toUtc(found.batch_received_at_ms),
    steps,
  };
};

/** Undefined also where only a later event of the loop is known yet. */
export const readLoop =
  ({ db, advisorTable }: AdvisorStore) =>
  async (loopId: string) => {
    const { Item } = await db.send(
      new GetCommand({ TableName: advisorTable, Key: advisorKeys.loop(loopId), ConsistentRead: true }),
    );
    return Item?.loop_id === undefined ? undefined : toLoop(Item);
  };

/** A site's loops, newest first. */
export const listLoops =
  ({ db, advisorTable }: AdvisorStore) =>
  async (tenantId: string, siteId: number, limit: number): Promise<Loop[]> => {
    const { Items = [] } = await db.send(
      new QueryCommand({
        TableName: advisorTable,
        IndexName: 'by-site',
        KeyConditionExpression: 'site_pk = :pk',
        ExpressionAttributeValues: { ':pk': advisorKeys.loopsOfSite(tenantId, siteId) },
        ScanIndexForward: false,
        Limit: limit,
      }),
    );
    return Items.map((one) => {
      const { tenantId: _, ...loop } = toLoop(one);
      return loop;
    });
  };
