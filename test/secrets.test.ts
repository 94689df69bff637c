import { globSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { platform, tmpdir } from 'node:os';
import { join } from 'node:path';
import { DynamoDBClient, ListTablesCommand, paginateScan } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { recommendationAnswer } from '../contracts/api-advisor.ts';
import { restoreAnswer, sealingView } from '../contracts/api-sealing.ts';
import { type ApiClient, apiClient } from '../local/api-client.ts';
import { buildStacks, cdkOut } from '../local/build.ts';
import type { RunningChild } from '../local/child-process.ts';
import { provision, type SiteRecord } from '../local/demo/provision.ts';
import { startEdge } from '../local/demo/site-process.ts';
import { type Runtime, startRuntime } from '../local/runtime.ts';
import type { InventoryEntry } from '../simulator/site/inventory.ts';
import { type SimulatedSite, startSite } from '../simulator/site/simulated-site.ts';
import { secretFinder, spellingsOf } from './support/find-secrets.ts';
import { eventually as until } from './support/running-cloud.ts';
import { openWireTap } from './support/wire-tap.ts';

const passwords = { antminer: 'Zq7-ant-login', whatsminer: 'Zq7whats' };
const poolPassword = 'Zq7-pool-password-of-a-customer';
const speed = 20;

/** Asks until there is an answer; a machine that is busy may let a function run out of its time meanwhile. */
const eventually: typeof until = (what, ask, deadlineMs) =>
  until(what, async () => (async () => ask())().catch(() => undefined), deadlineMs);

const freePort = () =>
  new Promise<number>((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });

/** Miners have addresses of their own where the system lets a process listen on all of 127/8. */
const canHaveAddresses = platform() === 'linux';
if (!canHaveAddresses)
  process.stdout.write('skipped: the search for secrets, it needs addresses under 127/8\n');

describe.skipIf(!canHaveAddresses)('what is known on site alone', { timeout: 400_000 }, () => {
  let stateDir: string;
  const logged: string[] = [];
  let runtime: Runtime;
  let site: SimulatedSite;
  let miners: readonly InventoryEntry[];
  let record: SiteRecord;
  let edge: RunningChild | undefined;
  let owner: ApiClient;
  const tap = openWireTap((address) => /^127\.6[4-9]\./.test(address));

  const startGateway = (known: readonly InventoryEntry[]) =>
    startEdge(
      record,
      known,
      {
        stateDir,
        caPath: runtime.mqtt.caPath,
        kmsEndpoint: String(runtime.endpoints.AWS_ENDPOINT_URL_KMS),
        pollIntervalMs: 400,
        speed,
      },
      () => {},
    );
  const gatewayPath = () => `/api/v1/sites/${record.siteId}/gateways/${record.gatewayId}`;
  const sealing = () => owner.call('GET', `${gatewayPath()}/sealing`, sealingView);

  beforeAll(async () => {
    stateDir = mkdtempSync(join(tmpdir(), 'secrets-'));
    await buildStacks();
    const vendorPorts = { rpcPort: await freePort(), httpPort: await freePort() };
    [runtime, site] = await Promise.all([
      startRuntime({
        cdkOut,
        stateDir: join(stateDir, 'cloud'),
        port: 0,
        log: (_, line) => void logged.push(line),
      }),
      startSite({ miners: 8, seed: 11, speed, zones: 1, vendorPorts, passwords }),
    ]);
    miners = site.inventory();
    record = await provision(
      runtime.url,
      stateDir,
      {
        gatewayId: 'gw-secret',
        name: 'Site with secrets',
        seed: 11,
        withRule: true,
        capacityKw: 100,
        miners: miners.map((miner) => ({
          miner_id: miner.minerId,
          vendor: miner.vendor,
          model: miner.model,
          zone_id: miner.zoneId,
          rated_hashrate_ths: miner.ratedHashrateThs,
          rated_power_w: miner.ratedPowerW,
        })),
      },
      () => {},
    );
    owner = await apiClient(runtime.url, 'owner@demo.local');
    edge = await startGateway(miners);
  }, 300_000);
  afterAll(async () => {
    tap.close();
    await edge?.close();
    await site?.close();
    await runtime?.close();
    rmSync(stateDir, { recursive: true, force: true });
  });

  it('stays out of every table, object, log, event, queue and message of a full run', async () => {
    // Telemetry, the gateway's key and its sealed inventory reach the cloud.
    await eventually(
      'the sealed inventory',
      async () => ((await sealing()).backup ? true : undefined),
      60_000,
    );
    expect((await sealing()).key).not.toBeNull();

    // An alert, a diagnosis, a loop.
    const [first, second] = miners.filter(({ vendor }) => vendor === 'antminer');
    site.inject(second?.minerId ?? '', { kind: 'dead_board', board: 2, recoverable: true });
    const alerts = z.looseObject({ alerts: z.array(z.looseObject({})) });
    await eventually(
      'an alert',
      async () => {
        const { alerts: found } = await owner.call('GET', `/api/v1/alerts?site_id=${record.siteId}`, alerts);
        return found.length > 0 ? true : undefined;
      },
      60_000,
    );

    // A pool with a password, asked for by one person and approved by two others.
    const operator = await apiClient(runtime.url, 'operator@demo.local');
    const pool = {
      url: 'stratum+tcp://pool.customer.example:3333',
      user: 'customer.1',
      password: poolPassword,
    };
    const { recommendation } = await operator.call(
      'POST',
      '/api/v1/ai/recommendations',
      recommendationAnswer,
      {
        site_id: record.siteId,
        trigger_type: 'user_request',
        diagnosis: { root_cause: 'Another pool', evidence: ['Asked by the customer'], confidence: 0.9 },
        action_type: 'switch_pool',
        action_params: { pools: [pool] },
        target_ids: [first?.minerId],
      },
    );
    const path = `/api/v1/ai/recommendations/${recommendation.id}`;
    for (const email of ['manager@demo.local', 'admin@demo.local'])
      await (await apiClient(runtime.url, email)).call('POST', `${path}/approve`, z.unknown(), {
        reason: 'Fine',
      });
    await owner.call('POST', `${path}/execute`, z.unknown(), {}).catch(() => undefined);
    await eventually(
      'the pool at the miner',
      () =>
        site.physical(first?.minerId ?? '').pools.some(({ password }) => password === poolPassword)
          ? true
          : undefined,
      90_000,
    );

    // A gateway is replaced: new hardware under the same name, with nothing but its certificate.
    await edge?.close();
    const diskBefore = filesUnder(join(stateDir, 'gateway-state'));
    rmSync(join(stateDir, 'gateway-state'), { recursive: true });
    const starting = startGateway([]);
    edge = await starting;
    await owner.call('POST', `${gatewayPath()}/inventory-restore`, restoreAnswer, { reason: 'Replaced' });
    await eventually(
      'the inventory on the new gateway',
      () => globSync(join(stateDir, 'gateway-state', 'miners.sealed.json'))[0],
      60_000,
    );
    const since = Date.now();
    await eventually(
      'telemetry of the new gateway',
      async () => {
        const live = await owner.call('GET', `/api/v1/telemetry/live?site_id=${record.siteId}`, z.unknown());
        const text = JSON.stringify(live);
        const times = [...text.matchAll(/"(20\d\d-[^"]+Z)"/g)].map(([, at]) => Date.parse(at ?? ''));
        return times.some((at) => at > since) ? true : undefined;
      },
      60_000,
    );

    const secrets = [
      ...miners.map(({ host }) => host),
      ...miners.flatMap(({ macAddress }) => spellingsOf(macAddress)),
      ...Object.values(passwords),
      poolPassword,
    ];
    const find = secretFinder(secrets);
    const heard = tap.heard().filter(({ where }) => !isPeoplesRequest(where));
    const places = [
      ...heard.map(({ where, bytes }) => [where, bytes] as const),
      ...(await tables()),
      ...filesUnder(join(stateDir, 'cloud')),
    ];
    const found = places.flatMap(([where, bytes]) => find(where, bytes));
    expect(found).toEqual([]);
    // Every function had the rights to its tables that its role gives it in the cloud: a refusal is logged.
    expect(logged.filter((line) => line.includes('is not authorized'))).toEqual([]);
    // Nor in clear on the gateway's own disk.
    const disk = [
      ...diskBefore,
      ...filesUnder(join(stateDir, 'gateway-state')),
      ['gateway.json', readFileSync(join(stateDir, 'gateway.json'))] as const,
    ];
    expect(disk.flatMap(([where, bytes]) => find(where, bytes))).toEqual([]);

    expect(places.some(([where]) => where.startsWith('file s3/'))).toBe(true);
    // The search sees what there is: ids, which are no secret, are found in each kind of place.
    const control = secretFinder([miners[0]?.minerId ?? '', record.gatewayId]);
    const kinds = (prefix: string) =>
      places.filter(([where]) => where.startsWith(prefix)).flatMap(([where, bytes]) => control(where, bytes));
    for (const prefix of ['request', 'answer', 'tls in', 'tls out', 'event', 'result', 'table', 'file'])
      expect([prefix, kinds(prefix).length > 0]).toEqual([prefix, true]);
  });

  /** What people send to the API themselves: the request that sets the password, at the API's own port. */
  const isPeoplesRequest = (where: string) =>
    where.startsWith('request') && where.includes(`:${new URL(runtime.url).port} /api/v1/ai/recommendations`);

  const client = (service: string) => ({
    ...runtime.clientConfig,
    endpoint: String(runtime.endpoints[`AWS_ENDPOINT_URL_${service}`]),
  });

  const tables = async () => {
    const db = new DynamoDBClient(client('DYNAMODB'));
    const { TableNames = [] } = await db.send(new ListTablesCommand({}));
    const all: (readonly [string, Buffer])[] = [];
    for (const TableName of TableNames)
      for await (const { Items = [] } of paginateScan({ client: db }, { TableName }))
        for (const item of Items) {
          all.push([`table ${TableName}`, Buffer.from(JSON.stringify(item))]);
          for (const value of Object.values(item))
            if (value.B) all.push([`table ${TableName}`, Buffer.from(value.B)]);
        }
    db.destroy();
    return all;
  };
});

const filesUnder = (directory: string) =>
  globSync('**/*', { cwd: directory })
    .filter((name) => statSync(join(directory, name)).isFile())
    .map((name) => [`file ${name}`, readFileSync(join(directory, name))] as const);
