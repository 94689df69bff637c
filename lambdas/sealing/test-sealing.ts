import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KMSClient } from '@aws-sdk/client-kms';
import { startKms } from '../../local/kms/start-kms.ts';
import { startTables } from '../../test/support/tables.ts';
import type { SealingStore } from './sealing-repository.ts';

export const startMs = 1_800_000_000_000;

/** The sealing table, the audit table and a KMS with three keys on this machine, and a clock to set. */
export const startSealing = async () => {
  const directory = mkdtempSync(join(tmpdir(), 'sealing-'));
  const tables = await startTables([{ name: 'Sealing' }, { name: 'Audit', stream: true }]);
  const service = await startKms({
    region: 'us-east-1',
    accountId: '000000000000',
    log: () => {},
    stateDir: () => directory,
  });
  const keyArns: string[] = [];
  for (const logicalId of ['First', 'Second', 'Third']) {
    const made = await service.resources['AWS::KMS::Key']?.({
      stack: 'App',
      logicalId,
      type: 'AWS::KMS::Key',
      properties: {},
    });
    keyArns.push(String(made?.attributes?.Arn));
  }
  const kms = new KMSClient({
    endpoint: service.endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
  const now = { ms: startMs };
  const store: SealingStore = {
    db: tables.db,
    sealingTable: tables.nameOf('Sealing'),
    auditTable: tables.nameOf('Audit'),
    clock: { nowMs: () => now.ms },
  };
  return {
    store,
    kms,
    keyArns,
    now,
    close: async () => {
      kms.destroy();
      await service.close();
      await tables.close();
      rmSync(directory, { recursive: true });
    },
  };
};
export type TestSealing = Awaited<ReturnType<typeof startSealing>>;
