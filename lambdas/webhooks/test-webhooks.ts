import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KMSClient } from '@aws-sdk/client-kms';
import type { DomainEvent } from '../../contracts/domain-event.ts';
import { startKms } from '../../local/kms/start-kms.ts';
import { startTables } from '../../test/support/tables.ts';
import { newEventId } from '../shared/ids.ts';
import type { Endpoint } from './endpoint.ts';
import { deliveriesByDue } from './webhook-keys.ts';

export const siteId = 7;
export const tenantId = 'demo';

/** A site's endpoint with one secret. */
export const anEndpoint = (change: Partial<Endpoint> = {}): Endpoint => ({
  webhookId: `wh-${'a'.repeat(24)}`,
  siteId,
  tenantId,
  url: 'https://hooks.example.com/',
  eventTypes: ['*'],
  description: '',
  enabled: true,
  secrets: [{ sealed: Buffer.from('sealed').toString('base64') }],
  createdAtMs: 0,
  updatedAtMs: 0,
  version: 1,
  ...change,
});

export const anEvent = (change: Partial<DomainEvent> = {}): DomainEvent => ({
  version: 1,
  event_id: newEventId(),
  tenant_id: tenantId,
  site_id: siteId,
  actor_type: 'system',
  actor_id: 'control',
  type: 'control.command.expired',
  ref_type: 'command',
  ref_id: 'cmd-1',
  payload: { command_id: 'cmd-1' },
  created_at: '2036-06-01T00:00:00.000Z',
  ...change,
});

/** Real tables of webhooks and of the audit log. */
export const startWebhookTables = async () => {
  const tables = await startTables([
    { name: 'webhooks', indexes: [{ name: deliveriesByDue, pk: 'due_pk', sk: 'due_sk' }] },
    { name: 'audit' },
  ]);
  const store = {
    db: tables.db,
    webhooksTable: tables.nameOf('webhooks'),
    auditTable: tables.nameOf('audit'),
  };
  return { store, close: tables.close };
};

/** A real key of the local KMS, on a directory that is gone afterwards. */
export const startSecretKey = async () => {
  const directory = mkdtempSync(join(tmpdir(), 'webhooks-kms-'));
  const place = { region: 'us-east-1', accountId: '000000000000' };
  const service = await startKms({ ...place, stateDir: () => directory, log: () => {} });
  const key = await service.resources['AWS::KMS::Key']?.({
    stack: 'Test',
    logicalId: 'SecretKey',
    type: 'AWS::KMS::Key',
    properties: {},
  });
  const kms = new KMSClient({
    endpoint: service.endpoint,
    region: place.region,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
  return {
    kms,
    keyId: key?.ref ?? '',
    close: async () => {
      kms.destroy();
      await service.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
};
