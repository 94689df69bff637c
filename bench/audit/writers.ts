import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { readHead, walkLinks } from '../../lambdas/audit/audit-repository.ts';
import { commitWithAudit, stateEvent } from '../../lambdas/audit/commit-with-audit.ts';
import { verifySite } from '../../lambdas/audit/verify-site.ts';
import { startDynamoDb } from '../../local/dynamodb/start-dynamodb.ts';
import type { Watcher } from '../bench.ts';
import { quantile } from '../quantiles.ts';
import type { Row } from '../table.ts';

const startTable = async (stateDir: string) => {
  const around = { region: 'us-east-1', accountId: '000000000000', stateDir: () => stateDir, log: () => {} };
  const service = await startDynamoDb(around);
  const key = (name: string, type: string) => ({ AttributeName: name, KeyType: type });
  const table = await service.resources['AWS::DynamoDB::GlobalTable']?.({
    stack: 'Bench',
    logicalId: 'Audit',
    type: 'AWS::DynamoDB::GlobalTable',
    properties: {
      AttributeDefinitions: ['pk', 'sk'].map((name) => ({ AttributeName: name, AttributeType: 'S' })),
      KeySchema: [key('pk', 'HASH'), key('sk', 'RANGE')],
      BillingMode: 'PAY_PER_REQUEST',
      Replicas: [{ Region: around.region }],
    },
  });
  if (!table) throw new Error('The local DynamoDB makes no tables');
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  /** A client of its own, as each Lambda environment has. */
  const client = () =>
    DynamoDBDocumentClient.from(
      new DynamoDBClient({ region: around.region, endpoint: service.endpoint, credentials }),
      { marshallOptions: { removeUndefinedValues: true } },
    );
  return { service, auditTable: table.ref, client };
};

const denied = (writer: number, index: number) =>
  stateEvent({
    tenant_id: 'tenant-1',
    site_id: 1,
    actor_type: 'user',
    actor_id: String(writer + 1),
    type: 'control.command.denied',
    ref_type: 'command',
    ref_id: `cmd-${writer}-${index}`,
    payload: { command_id: `cmd-${writer}-${index}`, reason: 'Not now' },
  });

/** So many writers, each a process of its own to DynamoDB, append to one site's chain at once; the chain is verified after it. */
export const writers = async (count: number, appendsEach: number, { progress }: Watcher) => {
  const stateDir = mkdtempSync(join(tmpdir(), 'audit-writers-'));
  const { service, auditTable, client } = await startTable(stateDir);
  try {
    const times: number[] = [];
    const all = count * appendsEach;
    const from = performance.now();
    await Promise.all(
      Array.from({ length: count }, async (_, writer) => {
        const commit = commitWithAudit({ db: client(), auditTable });
        for (let index = 0; index < appendsEach; index++) {
          const at = performance.now();
          const done = await commit([], [denied(writer, index)]);
          if (!done.ok) throw new Error('An append was refused');
          times.push(performance.now() - at);
          progress(times.length, all, 'appends');
        }
      }),
    );
    const seconds = (performance.now() - from) / 1_000;
    const store = { db: client(), auditTable };
    const { verdict } = await verifySite({ readHead: readHead(store), walkLinks: walkLinks(store) })(1);
    if (!verdict.intact || verdict.length !== all) throw new Error('The chain is not what was appended');
    const figures = {
      writers: count,
      appends: all,
      appendsPerS: all / seconds,
      p50Ms: quantile(times, 0.5),
      p99Ms: quantile(times, 0.99),
    };
    const rows: Row[] = [
      {
        writers: count,
        appends: all,
        'appends/s': Math.round(figures.appendsPerS),
        'p50 ms': Math.round(figures.p50Ms),
        'p99 ms': Math.round(figures.p99Ms),
        'chain after it': 'intact, complete',
      },
    ];
    return { rows, figures };
  } finally {
    await service.close();
    rmSync(stateDir, { recursive: true, force: true });
  }
};
