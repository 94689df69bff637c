import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { paginateListObjectsV2, S3Client } from '@aws-sdk/client-s3';
import { SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { encodeBatchColumns } from '../../contracts/telemetry-batch.ts';
import type { TelemetryColumns } from '../../contracts/telemetry-columns.ts';
import { s3BlockStore } from '../../lambdas/telemetry/block-store.ts';
import type { TierStore } from '../../lambdas/telemetry/tier-repository.ts';
import { buildStacks, cdkOut } from '../../local/build.ts';
import { accountOf } from '../../local/cognito/accounts.ts';
import { provision } from '../../local/demo/provision.ts';
import { type Runtime, startRuntime } from '../../local/runtime.ts';
import { signIn } from '../../local/sign-in.ts';
import type { Watcher } from '../bench.ts';

const gatewayId = 'gw-bench-1';
/** Enough for the first miner's id to sort first: m-00000. */
export const minerIdOf = (miner: number) => `m-${String(miner).padStart(5, '0')}`;

export type Asked = {
  /** What the browser waits for: session check, routing and handler. */
  readonly httpMs: number;
  /** The handler alone, as the local Lambda measures it. */
  readonly handlerMs: number;
  readonly bytes: number;
  readonly body: unknown;
};

export type LocalCloud = {
  readonly siteId: number;
  readonly gatewayId: string;
  readonly stateDir: string;
  readonly store: TierStore;
  readonly runtime: Runtime;
  /** Puts batches where the IoT rule would. */
  readonly send: (
    batches: readonly { readonly shard: number; readonly columns: TelemetryColumns }[],
  ) => Promise<number>;
  /** What lies in the blocks' bucket. */
  readonly objectBytes: () => Promise<{ readonly key: string; readonly bytes: number }[]>;
  /** Waits until no function runs and nothing waits for one. */
  readonly settle: () => Promise<void>;
  /** Asks the API for a path, as a signed-in operator. */
  readonly ask: (path: string) => Promise<Asked>;
  /** Stops everything and starts it again with its state: every function is new. */
  readonly restart: () => Promise<LocalCloud>;
  /** Stops everything and leaves the state for `reopenLocalCloud`. */
  readonly leave: () => Promise<Left>;
  readonly close: () => Promise<void>;
};
/** A local cloud that does not run: what `reopenLocalCloud` needs. */
export const leftCloud = z.object({ stateDir: z.string(), siteId: z.int(), sent: z.int() });
type Left = z.infer<typeof leftCloud>;

const isTelemetryApi = (name: string) => /Telemetry.*ApiFunction/.test(name);

/** The local cloud with a registered site of so many miners and nothing else: neither gateway nor simulator runs. */
export const startLocalCloud = async (miners: number, { say, progress }: Watcher): Promise<LocalCloud> => {
  const stateDir = mkdtempSync(join(tmpdir(), 'hashinsight-bench-'));
  say('Building the stacks');
  await buildStacks();
  const runtime = await begin(stateDir);
  say(`Registering ${miners} miners`);
  const siteDir = join(stateDir, 'site');
  mkdirSync(siteDir);
  const { siteId } = await provision(runtime.url, siteDir, planOf(miners), (done, all) =>
    progress(done, all, 'miners registered'),
  );
  return around(runtime, { siteId, stateDir, sent: 0 });
};

/** The cloud that `leave` left, with its state, in whatever process. */
export const reopenLocalCloud = async (left: Left): Promise<LocalCloud> =>
  around(await begin(left.stateDir), left);

const begin = (stateDir: string) => startRuntime({ cdkOut, stateDir: join(stateDir, 'cloud'), port: 0 });

const planOf = (miners: number) => ({
  gatewayId,
  name: 'Bench',
  seed: 1,
  withRule: false,
  capacityKw: miners * 4,
  miners: Array.from({ length: miners }, (_, miner) => ({
    miner_id: minerIdOf(miner),
    vendor: 'antminer' as const,
    model: `Antminer S${19 + (miner % 3)}`,
    zone_id: `zone-${Math.floor(miner / 1_000)}`,
    rated_hashrate_ths: 110,
    rated_power_w: 3_250,
  })),
});

const around = async (runtime: Runtime, { siteId, stateDir, sent }: Left): Promise<LocalCloud> => {
  const outputs = runtime.outputs.HashInsightTelemetry ?? {};
  const of = (name: string) => String(outputs[name]);
  const clientOf = (service: string) => ({
    ...runtime.clientConfig,
    endpoint: String(runtime.endpoints[`AWS_ENDPOINT_URL_${service}`]),
  });
  const db = DynamoDBDocumentClient.from(new DynamoDBClient(clientOf('DYNAMODB')), {
    marshallOptions: { removeUndefinedValues: true },
  });
  const s3 = new S3Client(clientOf('S3'));
  const sqs = new SQSClient(clientOf('SQS'));
  let headers: Record<string, string> | undefined;
  let sequence = sent;
  const lastOfShard = new Map<number, number>();
  const durations = () =>
    runtime.functionStats().find(({ functionName }) => isTelemetryApi(functionName))?.durationMs ?? [];
  const close = async () => {
    for (const client of [db, s3, sqs]) client.destroy();
    await runtime.close();
  };
  return {
    siteId,
    gatewayId,
    stateDir,
    runtime,
    store: { db, telemetryTable: of('TelemetryTable'), blocks: s3BlockStore(s3, of('BlocksBucket')) },
    send: async (batches) => {
      let bytes = 0;
      const messages = batches.map(({ shard, columns }, at) => {
        sequence++;
        const header = {
          siteId,
          gatewayId,
          shard,
          sequence,
          previousSequence: lastOfShard.get(shard) ?? 0,
          createdAtMs: Date.now(),
        };
        lastOfShard.set(shard, sequence);
        const payload = Buffer.from(encodeBatchColumns(header, columns));
        bytes += payload.length;
        const rule = { payload: payload.toString('base64'), siteId: String(siteId), gatewayId };
        return { Id: String(at % 10), MessageBody: JSON.stringify({ ...rule, receivedAtMs: Date.now() }) };
      });
      for (let at = 0; at < messages.length; at += 10)
        await sqs.send(
          new SendMessageBatchCommand({ QueueUrl: of('BatchesQueue'), Entries: messages.slice(at, at + 10) }),
        );
      return bytes;
    },
    objectBytes: async () => {
      const found: { key: string; bytes: number }[] = [];
      for await (const { Contents } of paginateListObjectsV2({ client: s3 }, { Bucket: of('BlocksBucket') }))
        for (const { Key = '', Size = 0 } of Contents ?? []) found.push({ key: Key, bytes: Size });
      return found;
    },
    settle: async () => {
      for (let calm = 0; calm < 4; calm = runtime.isIdle() ? calm + 1 : 0) await delay(25);
    },
    ask: async (path) => {
      headers ??= await signIn(
        runtime.url,
        'operator@demo.local',
        accountOf('operator@demo.local')?.password ?? '',
      );
      const begun = performance.now();
      const response = await fetch(new URL(path, runtime.url), { headers });
      const text = await response.text();
      const httpMs = performance.now() - begun;
      if (!response.ok) throw new Error(`${path} answered ${response.status}: ${text.slice(0, 300)}`);
      return {
        httpMs,
        handlerMs: durations().at(-1) ?? Number.NaN,
        bytes: text.length,
        body: JSON.parse(text),
      };
    },
    restart: async () => {
      await close();
      return reopenLocalCloud({ siteId, stateDir, sent: sequence });
    },
    leave: async () => {
      await close();
      return { siteId, stateDir, sent: sequence };
    },
    close: async () => {
      await close();
      rmSync(stateDir, { recursive: true, force: true });
    },
  };
};
