import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import * as z from 'zod';
import { root } from './build.ts';
import { startDynamoDb } from './dynamodb/start-dynamodb.ts';
import { lockState } from './state-lock.ts';

/**
 * `npm run audit:verify`: the verifier of bin/audit-verify.ts, which without options verifies the demo of this machine,
 * whether it runs (over its own endpoint) or not (from its kept state).
 */
const asked = process.argv.slice(2).some((word) => /^--(table|endpoint|file|help)\b|^-h$/.test(word));
const state = join(root, '.local', 'start');
const endpointsFile = join(state, 'endpoints.json');
const closers: (() => Promise<void> | void)[] = [];

const openState = async () => {
  const cloud = join(state, 'cloud');
  closers.push(lockState(cloud));
  const service = await startDynamoDb({
    region: 'us-east-1',
    accountId: '000000000000',
    stateDir: (name) => {
      mkdirSync(join(cloud, name), { recursive: true });
      return join(cloud, name);
    },
    log: () => undefined,
  });
  closers.push(service.close);
  return service.endpoint ?? '';
};

const runningEndpoint = async () => {
  if (!existsSync(endpointsFile)) return undefined;
  const { AWS_ENDPOINT_URL_DYNAMODB: endpoint } = z
    .object({ AWS_ENDPOINT_URL_DYNAMODB: z.url() })
    .parse(JSON.parse(readFileSync(endpointsFile, 'utf8')));
  return (await fetch(endpoint).catch(() => undefined)) && endpoint;
};

if (!asked && !process.env.AUDIT_TABLE) {
  if (!existsSync(join(state, 'cloud'))) {
    console.error(
      'No demo has run here yet: npm start, or name a table with --table or an export with --file',
    );
    process.exit(2);
  }
  Object.assign(process.env, {
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
  });
  const endpoint = (await runningEndpoint()) ?? (await openState());
  process.env.AWS_ENDPOINT_URL_DYNAMODB = endpoint;
  const { TableNames = [] } = await new DynamoDBClient({}).send(new ListTablesCommand({}));
  process.env.AUDIT_TABLE = TableNames.find((name) => name.startsWith('HashInsightAudit-')) ?? '';
}
await import('../bin/audit-verify.ts');
for (const close of closers.toReversed()) await close();
process.exit();
