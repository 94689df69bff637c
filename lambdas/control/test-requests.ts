import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { Principal } from '../../contracts/access.ts';
import type { NewBatch, NewCommand } from '../../contracts/api-control.ts';
import type { Clock } from '../shared/clock.ts';
import { succeed } from '../shared/result.ts';
import {
  amendBatch,
  listBatches,
  makeCommands,
  putBatch,
  putTargets,
  readBatch,
  readTargets,
} from './batch-repository.ts';
import {
  amendCommand,
  type ControlStore,
  claimRollback,
  findByDedupeKey,
  insertCommand,
  moveCommand,
  readCommand,
  readCommands,
} from './command-repository.ts';
import { isHaltedAt, putHalt, readHalts } from './halt-repository.ts';
import { findBatchByKey, keyItem } from './idempotency-repository.ts';
import { moveAll } from './move-commands.ts';
import { changePolicy, listPolicies, readPolicy } from './policy-repository.ts';
import { quotaItems, quotaLeft } from './quota-repository.ts';
import type { TargetMiner } from './request-deps.ts';
import { siteId, startControl } from './test-control.ts';

export const person = (
  userId: number,
  duty: 'operator' | 'manager' = 'operator',
  changes: Partial<Principal> = {},
): Principal => ({
  userId,
  name: `Person ${userId}`,
  tenantId: 'tenant-1',
  role: 'mining_site_owner',
  duty,
  siteIds: [siteId],
  ...changes,
});
export const admin: Principal = {
  userId: 1,
  name: 'Admin',
  tenantId: 'tenant-1',
  role: 'admin',
  siteIds: 'all',
};

/** A miner of gateway `gw<g>` by its id `gw<g>_m<n>`, 3.5 kW each. */
export const minerNamed = (minerId: string): TargetMiner => ({
  minerId,
  vendor: 'antminer',
  model: 'Antminer S21',
  zoneId: 'zone-1',
  gatewayId: minerId.split('_')[0] ?? '',
  ratedPowerW: 3_500,
});

/** Everything that people's requests need, over real tables; the fleet is the miners given. */
export const startRequests = async (miners: readonly TargetMiner[] = []) => {
  const control = await startControl();
  const { store } = control;
  const fleet = { miners };
  const readSite = async (tenantId: string, id: number) =>
    tenantId === 'tenant-1' && id === siteId ? { site_id: siteId, time_zone: 'America/Chicago' } : undefined;
  const depsOver = (store: ControlStore & { readonly clock: Clock }) => ({
    readSite,
    readMiner: async (_: number, minerId: string) =>
      fleet.miners.find((one) => one.minerId === minerId) ??
      (/^gw\d+_/.test(minerId) ? minerNamed(minerId) : undefined),
    readMiners: async () => fleet.miners,
    listGateways: async () => ['gw1', 'gw2'],
    readPolicy: readPolicy(store),
    listPolicies: listPolicies(store),
    changePolicy: changePolicy(store),
    readCommand: readCommand(store),
    readCommands: readCommands(store),
    findByDedupeKey: findByDedupeKey(store),
    insertCommand: insertCommand(store),
    moveCommand: moveCommand(store),
    moveAll: moveAll(store),
    amendCommand: amendCommand(store),
    claimRollback: claimRollback(store),
    sealOrder: async <O>(_siteId: number, _gatewayIds: Iterable<string>, given: O) => succeed(given),
    quotaItems: quotaItems(store),
    quotaLeft: quotaLeft(store),
    readBatch: readBatch(store),
    listBatches: listBatches(store),
    putTargets: putTargets(store),
    readTargets: readTargets(store),
    putBatch: putBatch(store),
    makeCommands: makeCommands(store),
    amendBatch: amendBatch(store),
    findBatchByKey: findBatchByKey(store),
    keyItem: keyItem(store),
    readHalts: readHalts(store),
    putHalt: putHalt(store),
    isHalted: isHaltedAt(store),
    clock: store.clock,
  });
  /** The same as another process sees it: through a client of its own, which shares no turns with the others. */
  const rivals: DynamoDBDocumentClient[] = [];
  const rival = () => {
    const client = new DynamoDBClient({
      endpoint: control.service.endpoint ?? '',
      region: 'us-east-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    });
    const db = DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } });
    rivals.push(db);
    return depsOver({ ...store, db });
  };
  return {
    ...control,
    deps: depsOver(store),
    rival,
    fleet,
    close: async () => {
      for (const db of rivals) db.destroy();
      await control.close();
    },
  };
};
export type TestRequests = Awaited<ReturnType<typeof startRequests>>;

export const order = (changes: Partial<NewCommand> = {}): NewCommand => ({
  site_id: siteId,
  miner_id: 'gw1_m1',
  order: { type: 'MINER_RESTART', params: {} },
  priority: 5,
  reason: 'It hangs',
  ...changes,
});

export const batchOrder = (changes: Partial<NewBatch> = {}): NewBatch => ({
  site_id: siteId,
  order: { type: 'MINER_RESTART', params: {} },
  selection: { all: true },
  priority: 5,
  reason: 'They hang',
  concurrency: 1_000,
  max_failed_pct: 10,
  ...changes,
});

/** What a use case must have answered. */
export const made = <T>(
  result:
    | { readonly ok: true; readonly value: T }
    | { readonly ok: false; readonly failure: { readonly message: string } },
): T => {
  if (!result.ok) throw new Error(result.failure.message);
  return result.value;
};
