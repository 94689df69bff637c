import * as z from 'zod';
import { readGatewayIds, readMiner, readMiners, readSite } from '../fleet/fleet-directory.ts';
import { sealOrder } from '../sealing/seal-orders.ts';
import { readGatewayKey } from '../sealing/sealing-repository.ts';
import { apiHandler } from '../shared/api-handler.ts';
import { systemClock as clock } from '../shared/clock.ts';
import { config } from '../shared/config.ts';
import { documentClient } from '../shared/dynamo.ts';
import { type Result, succeed } from '../shared/result.ts';
import { controlRoutes } from './api.ts';
import type { BatchRecord } from './batch.ts';
import { amendBatch, listBatches, putBatch, putTargets, readBatch } from './batch-repository.ts';
import { liftHalt, setHalt, showHalts } from './change-halt.ts';
import type { CommandRecord } from './command.ts';
import { listCommands } from './command-lists.ts';
import {
  amendCommand,
  claimRollback,
  findByDedupeKey,
  insertCommand,
  moveCommand,
  readCommand,
} from './command-repository.ts';
import { approveBatch, cancelBatch, denyBatch, pauseBatch, resumeBatch } from './decide-batch.ts';
import { approveCommand, cancelCommand, denyCommand } from './decide-command.ts';
import { isHaltedAt, putHalt, readHalts } from './halt-repository.ts';
import { findBatchByKey, keyItem } from './idempotency-repository.ts';
import { removePolicy, setPolicy, showPolicies, showPolicy } from './manage-policies.ts';
import { changePolicy, listPolicies, readPolicy } from './policy-repository.ts';
import { quotaItems, quotaLeft } from './quota-repository.ts';
import { changeBatch, dryRunBatch, requestBatch } from './request-batch.ts';
import { requestCommand } from './request-command.ts';
import { requestRollback } from './request-rollback.ts';
import { showBatch, showBatches, toBatchView } from './view-batch.ts';
import { showCommand, showCommands, toView } from './view-command.ts';

const env = config({
  CONTROL_TABLE: z.string(),
  AUDIT_TABLE: z.string(),
  FLEET_TABLE: z.string(),
  SEALING_TABLE: z.string(),
});
const db = documentClient();
const store = { db, controlTable: env.CONTROL_TABLE, auditTable: env.AUDIT_TABLE };
const fleet = { db, fleetTable: env.FLEET_TABLE };

const deps = {
  readSite: readSite(fleet),
  readMiner: readMiner(fleet),
  readMiners: readMiners(fleet),
  listGateways: readGatewayIds(fleet),
  readPolicy: readPolicy(store),
  listPolicies: listPolicies(store),
  changePolicy: changePolicy(store),
  readCommand: readCommand(store),
  listCommands: listCommands(store),
  findByDedupeKey: findByDedupeKey(store),
  insertCommand: insertCommand(store),
  moveCommand: moveCommand(store),
  amendCommand: amendCommand(store),
  claimRollback: claimRollback(store),
  sealOrder: sealOrder(readGatewayKey({ db, sealingTable: env.SEALING_TABLE })),
  quotaItems: quotaItems(store),
  quotaLeft: quotaLeft(store),
  readBatch: readBatch(store),
  listBatches: listBatches(store),
  putTargets: putTargets(store),
  putBatch: putBatch(store),
  amendBatch: amendBatch(store),
  findBatchByKey: findBatchByKey(store),
  keyItem: keyItem(store),
  readHalts: readHalts(store),
  putHalt: putHalt(store),
  isHalted: isHaltedAt(store),
  clock,
};

const mapped = <T, U>(result: Result<T>, show: (value: T) => U) =>
  result.ok ? succeed({ body: show(result.value) }) : result;
const asBody = <T>(result: Result<T>) => mapped(result, (value) => value);
const asCommand = (result: Result<CommandRecord>) => mapped(result, (one) => ({ command: toView(one) }));
const asBatch = (result: Result<BatchRecord>) =>
  mapped(result, (one) => ({ batch: toBatchView(one, clock.nowMs()) }));

export const handler = apiHandler(controlRoutes, {
  listCommands: async ({ who, query }) => asBody(await showCommands(deps)(who, query)),
  getCommand: async ({ who, params, query }) =>
    asBody(await showCommand(deps)(who, query.site_id, params.command_id)),
  proposeCommand: async ({ who, body, idempotencyKey }) =>
    asCommand(await requestCommand(deps)(who, body, idempotencyKey)),
  approveCommand: async ({ who, params, body }) =>
    asCommand(await approveCommand(deps)(who, params.command_id, body)),
  denyCommand: async ({ who, params, body }) =>
    asCommand(await denyCommand(deps)(who, params.command_id, body)),
  cancelCommand: async ({ who, params, body }) =>
    asCommand(await cancelCommand(deps)(who, params.command_id, body)),
  rollbackCommand: async ({ who, params, body, idempotencyKey }) =>
    asCommand(await requestRollback(deps)(who, params.command_id, body, idempotencyKey)),
  listBatches: async ({ who, query }) => asBody(await showBatches(deps)(who, query)),
  getBatch: async ({ who, params, query }) =>
    mapped(await showBatch(deps)(who, query.site_id, params.batch_id), (batch) => ({ batch })),
  dryRunBatch: async ({ who, body }) => asBody(await dryRunBatch(deps)(who, body)),
  proposeBatch: async ({ who, body, idempotencyKey }) =>
    asBatch(await requestBatch(deps)(who, body, idempotencyKey)),
  changeBatch: async ({ who, params, body }) => asBatch(await changeBatch(deps)(who, params.batch_id, body)),
  approveBatch: async ({ who, params, body }) =>
    asBatch(await approveBatch(deps)(who, params.batch_id, body)),
  denyBatch: async ({ who, params, body }) => asBatch(await denyBatch(deps)(who, params.batch_id, body)),
  pauseBatch: async ({ who, params, body }) => asBatch(await pauseBatch(deps)(who, params.batch_id, body)),
  resumeBatch: async ({ who, params, body }) => asBatch(await resumeBatch(deps)(who, params.batch_id, body)),
  cancelBatch: async ({ who, params, body }) => asBatch(await cancelBatch(deps)(who, params.batch_id, body)),
  listPolicies: async ({ who, query }) =>
    mapped(await showPolicies(deps)(who, query.site_id), (policies) => ({
      policies,
      count: policies.length,
    })),
  getPolicy: async ({ who, params, query }) =>
    mapped(await showPolicy(deps)(who, query.site_id, params.command_type), (policy) => ({ policy })),
  setPolicy: async ({ who, params, body }) =>
    mapped(await setPolicy(deps)(who, params.command_type, body), (policy) => ({ policy })),
  removePolicy: async ({ who, params, query }) =>
    mapped(await removePolicy(deps)(who, params.command_type, query), (policy) => ({ policy })),
  listHalts: async ({ who, query }) =>
    mapped(await showHalts(deps)(who, query.site_id), (halts) => ({
      halts,
      count: halts.length,
      halted: halts.some(({ scope, halted }) => halted && scope !== 'gateway'),
    })),
  setHalt: async ({ who, body }) => mapped(await setHalt(deps)(who, body), (halt) => ({ halt })),
  liftHalt: async ({ who, body }) => mapped(await liftHalt(deps)(who, body), (halt) => ({ halt })),
});
