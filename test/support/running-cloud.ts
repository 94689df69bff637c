import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { GetQueueAttributesCommand, ListQueuesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { auditVerification } from '../../contracts/api-audit.ts';
import { buildStacks, cdkOut } from '../../local/build.ts';
import { accountOf } from '../../local/cognito/accounts.ts';
import { provision, type SiteRecord } from '../../local/demo/provision.ts';
import { type Runtime, startRuntime } from '../../local/runtime.ts';
import { signIn } from '../../local/sign-in.ts';
import { type SimulatedSite, startSite } from '../../simulator/site/simulated-site.ts';

export const people = ['owner', 'admin', 'manager', 'operator', 'client', 'rival'] as const;
export type Person = (typeof people)[number];

export type Answer = {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The body as JSON, or undefined where it is none. */
  readonly body: unknown;
};
export type Call = (
  who: Person | undefined,
  method: string,
  path: string,
  options?: {
    readonly body?: unknown;
    readonly raw?: string | Uint8Array<ArrayBuffer>;
    readonly headers?: Record<string, string>;
  },
) => Promise<Answer>;

/** The composed system: the local runtime over the synthesised stacks, and a site with miners registered in it. */
export type RunningCloud = {
  readonly runtime: Runtime;
  readonly site: SimulatedSite;
  readonly record: SiteRecord;
  readonly stateDir: string;
  readonly call: Call;
  readonly cookieOf: (who: Person) => string;
  /** Messages in the queues whose name contains the text: waiting and in flight. */
  readonly queued: (name: string) => Promise<number>;
  /** How often functions whose name contains the text have ended. */
  readonly invocationsOf: (name: string) => number;
  readonly close: () => Promise<void>;
};

const emailOf = (person: Person) => (person === 'rival' ? 'rival@other.local' : `${person}@demo.local`);

/** Waits for an answer that is not undefined, asking again; names what did not come. */
export const eventually = async <T>(
  what: string,
  ask: () => Promise<T | undefined> | T | undefined,
  deadlineMs = 20_000,
): Promise<T> => {
  const endMs = Date.now() + deadlineMs;
  for (;;) {
    const found = await ask();
    if (found !== undefined) return found;
    if (Date.now() > endMs) throw new Error(`did not come: ${what}`);
    await pause(25);
  }
};

export const startCloud = async (miners: number): Promise<RunningCloud> => {
  const stateDir = mkdtempSync(join(tmpdir(), 'hashinsight-test-'));
  await buildStacks();
  const [runtime, site] = await Promise.all([
    startRuntime({ cdkOut, stateDir: join(stateDir, 'cloud'), port: 0 }),
    startSite({ miners, seed: 7, speed: 20, zones: 1 }),
  ]);
  const inventory = site.inventory();
  const record = await provision(
    runtime.url,
    stateDir,
    {
      gatewayId: 'gw-1',
      name: 'Site under test',
      seed: 7,
      withRule: false,
      capacityKw: 100,
      miners: inventory.map((miner) => ({
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
  const cookies = new Map<Person, string>();
  const signInAs = async (person: Person) => {
    const email = emailOf(person);
    const headers = await signIn(runtime.url, email, accountOf(email)?.password ?? '');
    cookies.set(person, headers.cookie ?? '');
  };
  for (const person of people) await signInAs(person);
  const cookieOf = (who: Person) => cookies.get(who) ?? '';
  /** Where a step-up is asked for, the person signs in again, as people do. */
  const call: Call = async (who, method, path, options) => {
    const first = await ask(who, method, path, options);
    if (!who || first.status !== 403 || !first.text.includes('"step_up_required"')) return first;
    await signInAs(who);
    return ask(who, method, path, options);
  };
  const ask: Call = async (who, method, path, { body, raw, headers } = {}) => {
    const sent = raw ?? (body === undefined ? undefined : JSON.stringify(body));
    const response = await fetch(new URL(path, runtime.url), {
      method,
      redirect: 'manual',
      headers: {
        ...(who && { cookie: cookieOf(who) }),
        ...(sent !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(sent !== undefined && { body: sent }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, body: jsonOf(text) };
  };
  const sqs = new SQSClient({
    ...runtime.clientConfig,
    endpoint: String(runtime.endpoints.AWS_ENDPOINT_URL_SQS),
  });
  const queued = async (name: string) => {
    const { QueueUrls = [] } = await sqs.send(new ListQueuesCommand({ MaxResults: 1000 }));
    const counts = await Promise.all(
      QueueUrls.filter((url) => url.includes(name)).map(async (QueueUrl) => {
        const { Attributes } = await sqs.send(
          new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }),
        );
        return (
          Number(Attributes?.ApproximateNumberOfMessages) +
          Number(Attributes?.ApproximateNumberOfMessagesNotVisible)
        );
      }),
    );
    return counts.reduce((sum, one) => sum + one, 0);
  };
  return {
    runtime,
    site,
    record,
    stateDir,
    call,
    cookieOf,
    queued,
    invocationsOf: (name) =>
      runtime
        .functionStats()
        .filter(({ functionName }) => functionName.includes(name))
        .reduce((sum, { invocations }) => sum + invocations, 0),
    close: async () => {
      sqs.destroy();
      await site.close();
      await runtime.close();
      rmSync(stateDir, { recursive: true, force: true });
    },
  };
};

const jsonOf = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** The head of a site's audit chain: it moves with every change of state. Fails where the chain does not verify. */
export const auditHead = async ({ call }: RunningCloud, who: Person, siteId: number) => {
  const { body } = await call(who, 'GET', `/api/v1/audit/verification?site_id=${siteId}`);
  const { intact, length, head } = auditVerification.parse(body);
  if (!intact) throw new Error(`the audit chain of site ${siteId} is broken`);
  return { length, head };
};
