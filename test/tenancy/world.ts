import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod';
import { recommendationAnswer } from '../../contracts/api-advisor.ts';
import { registerAnswer } from '../../contracts/api-edge.ts';
import { siteAnswer } from '../../contracts/api-fleet.ts';
import { claimAnswer } from '../../contracts/api-gateways.ts';
import type { MinerReading } from '../../contracts/reading.ts';
import { encodeBatch } from '../../contracts/telemetry-batch.ts';
import { newRequest } from '../../lambdas/gateway/test-gateways.ts';
import { buildStacks, cdkOut } from '../../local/build.ts';
import { accountOf } from '../../local/cognito/accounts.ts';
import { type Runtime, startRuntime } from '../../local/runtime.ts';
import { signIn } from '../../local/sign-in.ts';
import { eventually } from '../support/running-cloud.ts';
import { canary, type Owner } from './canaries.ts';
import { type HttpClient, httpClient } from './client.ts';
import type { Attacker, Phase } from './people.ts';

export type World = {
  readonly runtime: Runtime;
  readonly stateDir: string;
  readonly client: HttpClient;
  readonly sites: Readonly<Record<'demo' | 'second' | 'rival', number>>;
  readonly phases: readonly Phase[];
  /** Who shows what is whose: its own things, less those of the others named. */
  readonly viewers: readonly {
    readonly owner: Owner;
    readonly as: Attacker;
    readonly less: readonly Owner[];
  }[];
  readonly close: () => Promise<void>;
};

const emailOf = { rival: 'rival@other.local' };
const connections = 6;

const headers = z.record(z.string(), z.string());
/** What is kept of a world, so that the same one can be tried again. */
const kept = z.strictObject({
  sites: z.strictObject({ demo: z.int(), second: z.int(), rival: z.int() }),
  headers: z.strictObject({
    owner: headers,
    rival: headers,
    operator: headers,
    aurora: headers,
    borealis: headers,
    ownerKey: headers,
    rivalKey: headers,
    demoGateway: headers,
    rivalGateway: headers,
  }),
});
type Kept = z.infer<typeof kept>;

/** A world in a directory of its own: the one that is there, or else a new one. Without a directory it is gone when closed. */
export const openWorld = async (onStep: (step: string) => void, directory?: string): Promise<World> => {
  const stateDir = directory ?? mkdtempSync(join(tmpdir(), 'hashinsight-tenancy-'));
  const discard = () => {
    if (directory === undefined) rmSync(stateDir, { recursive: true, force: true });
  };
  onStep('Building');
  await buildStacks();
  onStep('Starting the local cloud');
  const runtime = await startRuntime({ cdkOut, stateDir: join(stateDir, 'cloud'), port: 0 });
  const client = httpClient(runtime.url, connections);
  const close = async () => {
    client.close();
    await runtime.close();
    discard();
  };
  const file = join(stateDir, 'world.json');
  try {
    const known = existsSync(file) ? kept.parse(JSON.parse(readFileSync(file, 'utf8'))) : undefined;
    const found = known ?? (await fillWorld(runtime, client, onStep));
    if (!known) writeFileSync(file, JSON.stringify(found), { mode: 0o600 });
    return { ...worldOf(runtime, client, stateDir, found), close };
  } catch (error) {
    await close();
    throw error;
  }
};

/** The local cloud with two tenants, three sites and two customers in it, each with something of everything, full of canaries. */
const fillWorld = async (
  runtime: Runtime,
  client: HttpClient,
  onStep: (step: string) => void,
): Promise<Kept> => {
  const cookieOf = async (who: string) => {
    const email = who === 'rival' ? emailOf.rival : `${who}@demo.local`;
    const { cookie = '' } = await signIn(runtime.url, email, accountOf(email)?.password ?? '');
    return { cookie };
  };
  onStep('Signing people in');
  const owner = await cookieOf('owner');
  const rival = await cookieOf('rival');
  await cookieOf('manager');
  const client1 = await cookieOf('client');
  const client2 = await cookieOf('borealis');

  const send = async (
    headers: Readonly<Record<string, string>>,
    method: string,
    path: string,
    body?: object,
  ) => {
    const answer = await client.send({
      method,
      path,
      headers: { ...headers, ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
    });
    if (answer.status >= 300) throw new Error(`${method} ${path} answered ${answer.status}: ${answer.text}`);
    return answer.text === '' ? {} : JSON.parse(answer.text);
  };
  const made = async <T>(
    schema: z.ZodType<T>,
    headers: Readonly<Record<string, string>>,
    method: string,
    path: string,
    body?: object,
  ) => schema.parse(await send(headers, method, path, body));

  const aSite = async (as: typeof owner, of: Owner) =>
    (
      await made(siteAnswer, as, 'POST', '/api/v1/sites', {
        name: `Site ${canary(of)}`,
        location: canary(of),
        capacity_kw: 5_000,
      })
    ).site.site_id;
  onStep('Making sites');
  const sites = {
    demo: await aSite(owner, 'S'),
    second: await aSite(owner, 'T'),
    rival: await aSite(rival, 'R'),
  };
  if (sites.demo !== 1) throw new Error('the demo accounts reach site 1, which is not the first');

  onStep('Inviting people');
  for (const [as, of, site] of [
    [owner, 'O', sites.demo],
    [rival, 'R', sites.rival],
  ] as const)
    await send(as, 'POST', '/api/v1/users', {
      email: `${canary(of)}@mine.example`,
      name: canary(of),
      role: 'mining_site_owner',
      site_ids: [site],
      reason: canary(of),
    });
  const keyOf = async (as: typeof owner, of: Owner) => {
    const answer = await made(
      z.looseObject({ secret: z.string().optional(), api_key: z.unknown() }),
      as,
      'POST',
      '/api/v1/users/me/api-keys',
      {
        name: canary(of),
        scopes: ['hosting:full', 'ai:full', 'system:read', 'user:read'],
        expires_in_days: 1,
      },
    );
    const key = /hi_[0-9a-z]+_[A-Za-z0-9_-]+/.exec(JSON.stringify(answer))?.[0];
    if (!key) throw new Error('no API key was shown');
    return { authorization: `Bearer ${key}` };
  };
  const rivalKey = await keyOf(rival, 'R');
  const ownerKey = await keyOf(owner, 'O');
  // An account is known from its first sign-in on; rights that change end the sessions that had the old ones.
  await cookieOf('operator');
  const operatorId = accountOf('operator@demo.local')?.userId ?? 0;
  await send(owner, 'PATCH', `/api/v1/users/${operatorId}`, { site_ids: [sites.demo], reason: canary('O') });
  const operator = await cookieOf('operator');

  const fill = async (as: typeof owner, siteId: number, staff: Owner, groups: readonly Group[]) => {
    const base = `/api/v1/sites/${siteId}`;
    const tag = staff.toLowerCase();
    for (const { of, customer } of groups) {
      const zone_id = zoneOf(of);
      await send(as, 'POST', `${base}/zones`, {
        zone_id,
        name: canary(of),
        zone_type: 'container',
        capacity_kw: 900,
      });
      if (customer)
        await send(as, 'POST', `${base}/customers`, {
          customer_id: customer,
          name: canary(of),
          company: canary(of),
          contract: { number: canary(of) },
          note: canary(of),
        });
    }
    const gatewayId = `gw-${tag}1`;
    const { secret } = await made(claimAnswer, as, 'POST', `${base}/gateway-claims`, {
      gateway_id: gatewayId,
      name: canary(staff),
      zone_ids: groups.map(({ of }) => zoneOf(of)),
    });
    await send(as, 'POST', `${base}/gateway-claims`, {
      gateway_id: `gw-${canary(staff)}`,
      name: canary(staff),
      zone_ids: groups.map(({ of }) => zoneOf(of)),
    });
    const { csrPem } = await newRequest();
    const registered = await made(registerAnswer, {}, 'POST', '/api/edge/v1/register', {
      claim: secret.code,
      csr_pem: csrPem,
    });
    const token = registered.credentials.device_token;
    const minersOf = (of: Owner) => [
      `mi-${of.toLowerCase()}1`,
      `mi-${of.toLowerCase()}2`,
      `mi-${canary(of)}`,
    ];
    const miners = groups.flatMap(({ of, customer }) =>
      minersOf(of).map((miner_id, at) => ({
        miner_id,
        vendor: 'antminer',
        model: `Antminer ${canary(of)}`,
        serial_number: canary(of),
        zone_id: zoneOf(of),
        gateway_id: gatewayId,
        rated_hashrate_ths: 200,
        rated_power_w: 3_500,
        labels: [canary(of)],
        ...(customer && at !== 1 && { customer_id: customer }),
      })),
    );
    await send(as, 'POST', `${base}/miners`, { miners });
    for (const { customer, of } of groups)
      if (customer)
        await send(as, 'POST', `${base}/miners/assign`, {
          selection: { miner_ids: [`mi-${of.toLowerCase()}2`] },
          customer_id: customer,
          from: new Date(Date.now() - 86_400_000).toISOString(),
          reason: canary(of),
        });
    await sendTelemetry(
      token,
      siteId,
      gatewayId,
      miners.map(({ miner_id }) => miner_id),
    );
    for (const { of } of groups) {
      const { recommendation } = await made(recommendationAnswer, as, 'POST', '/api/v1/ai/recommendations', {
        site_id: siteId,
        trigger_type: 'user_request',
        diagnosis: { root_cause: canary(of), evidence: [canary(of)], confidence: 0.9 },
        action_type: 'power_off',
        target_ids: [`mi-${of.toLowerCase()}1`],
      });
      await send(as, 'POST', `/api/v1/ai/recommendations/${recommendation.id}/feedback`, {
        feedback_type: 'user_review',
        was_effective: true,
        comments: canary(of),
      });
      await send(as, 'POST', '/api/v1/telemetry/exports', {
        site_id: siteId,
        tier: 'raw',
        from: new Date(Date.now() - 3 * 3_600_000).toISOString(),
        to: new Date(Date.now() + 60_000).toISOString(),
        miner_ids: [`mi-${of.toLowerCase()}1`],
      });
    }
    await send(as, 'POST', '/api/v1/ai/auto/rules', {
      site_id: siteId,
      name: canary(staff === 'O' ? 'S' : staff),
      description: canary(staff === 'O' ? 'S' : staff),
      conditions: { max_targets: 1, min_confidence: 1 },
    });
    const { webhook } = await made(
      z.looseObject({ webhook: z.looseObject({ webhook_id: z.string() }) }),
      as,
      'POST',
      '/api/v1/webhooks',
      { site_id: siteId, url: `https://hooks.example.com/${canary(staff)}`, event_types: ['*'] },
    );
    await send(as, 'PATCH', `/api/v1/webhooks/${webhook.webhook_id}`, { site_id: siteId, enabled: false });
    return { token, gatewayId };
  };

  const sendTelemetry = async (
    token: string,
    siteId: number,
    gatewayId: string,
    minerIds: readonly string[],
  ) => {
    // Older than an hour: history that is handed in late, so that the gateway's silence after it is no alarm.
    const startMs = Date.now() - 80 * 60_000;
    for (let sweep = 0; sweep < 4; sweep++) {
      const atMs = startMs + sweep * 60_000;
      const readings = minerIds.map(
        (minerId, at): MinerReading => ({
          minerId,
          sampledAtMs: atMs,
          state: at % 3 === 1 && sweep > 0 ? 'unreachable' : 'hashing',
          values:
            at % 3 === 1 && sweep > 0 ? {} : { hashrateThs: 190, powerW: 3_400, chipTempC: 60 + 20 * sweep },
        }),
      );
      const bytes = encodeBatch({
        siteId,
        gatewayId,
        shard: 0,
        sequence: sweep + 1,
        createdAtMs: atMs,
        readings,
      });
      const answer = await client.send({
        method: 'POST',
        path: '/api/edge/v1/telemetry/ingest',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/octet-stream' },
        body: new Uint8Array(bytes),
      });
      if (answer.status !== 202) throw new Error(`ingest answered ${answer.status}: ${answer.text}`);
    }
    const damaged = await client.send({
      method: 'POST',
      path: '/api/edge/v1/telemetry/ingest',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/octet-stream' },
      body: Buffer.from(`no batch of ${gatewayId}`),
    });
    if (damaged.status !== 202 && damaged.status !== 400)
      throw new Error(`ingest answered ${damaged.status}`);
  };

  onStep('Filling the demo site');
  const demoGateway = await fill(owner, sites.demo, 'O', [
    { of: 'A', customer: 'cust-aurora' },
    { of: 'B', customer: 'cust-borealis' },
    { of: 'O' },
  ]);
  onStep('Filling the second site');
  await fill(owner, sites.second, 'T', [{ of: 'T', customer: 'cust-t' }]);
  onStep('Filling the rival’s site');
  const rivalGateway = await fill(rival, sites.rival, 'R', [{ of: 'R', customer: 'cust-r' }]);
  onStep('Waiting for quiet');
  await eventually(
    'alerts of every site',
    async () => {
      for (const [as, site] of [
        [owner, sites.demo],
        [owner, sites.second],
        [rival, sites.rival],
      ] as const) {
        const alerts = await send(as, 'GET', `/api/v1/alerts?site_id=${site}`);
        if (alerts.count === 0) return undefined;
      }
      return true;
    },
    180_000,
  );
  await settled(runtime);

  return {
    sites,
    headers: {
      owner,
      rival,
      operator,
      aurora: client1,
      borealis: client2,
      ownerKey,
      rivalKey,
      demoGateway: { authorization: `Bearer ${demoGateway.token}` },
      rivalGateway: { authorization: `Bearer ${rivalGateway.token}` },
    },
  };
};

/** The people and things in the cloud, as attackers and defenders. */
const worldOf = (
  runtime: Runtime,
  client: HttpClient,
  stateDir: string,
  { sites, headers: of }: Kept,
): Omit<World, 'close'> => {
  const demoStaff: readonly Owner[] = ['S', 'O', 'A', 'B'];
  const person = (name: string, headers: Attacker['headers'], sees: readonly Owner[], siteId: number) => ({
    name,
    headers,
    sees,
    siteId,
  });
  const rivalOwner = person('rival owner', of.rival, ['R'], sites.rival);
  const demoOwner = person('demo owner', of.owner, [...demoStaff, 'T'], sites.demo);
  const siteOperator = person('operator of the demo site', of.operator, demoStaff, sites.demo);
  const aurora = person('client Aurora', of.aurora, ['S', 'A'], sites.demo);
  const borealis = person('client Borealis', of.borealis, ['S', 'B'], sites.demo);
  return {
    runtime,
    stateDir,
    client,
    sites,
    phases: [
      {
        name: 'the rival against the demo tenant',
        attackers: [
          rivalOwner,
          person('rival API key', of.rivalKey, ['R'], sites.rival),
          person('rival gateway', of.rivalGateway, ['R'], sites.rival),
        ],
        untouched: ['S', 'O', 'A', 'B', 'T'],
      },
      {
        name: 'the demo tenant against the rival',
        attackers: [
          demoOwner,
          person('demo API key', of.ownerKey, [...demoStaff, 'T'], sites.demo),
          person('demo gateway', of.demoGateway, demoStaff, sites.demo),
        ],
        untouched: ['R'],
      },
      { name: 'staff of one site against others', attackers: [siteOperator], untouched: ['T', 'R'] },
      {
        name: 'customers against each other',
        attackers: [aurora, borealis],
        untouched: ['S', 'O', 'A', 'B', 'T', 'R'],
      },
    ],
    viewers: [
      { owner: 'A', as: aurora, less: [] },
      { owner: 'B', as: borealis, less: [] },
      { owner: 'O', as: demoOwner, less: ['A', 'B'] },
      { owner: 'T', as: { ...demoOwner, siteId: sites.second }, less: ['A', 'B', 'O'] },
      { owner: 'R', as: rivalOwner, less: [] },
    ],
  };
};

type Group = { readonly of: Owner; readonly customer?: string };
const zoneOf = (of: Owner) => `zn-${of.toLowerCase()}`;

/** Nothing runs and nothing waits, for a while. */
export const settled = async (runtime: Runtime) => {
  let quiet = 0;
  await eventually(
    'quiet',
    () => {
      quiet = runtime.isIdle() ? quiet + 1 : 0;
      return quiet > 20 || undefined;
    },
    180_000,
  );
};
