import { join } from 'node:path';
import * as z from 'zod';
import { noEffect, readProperties } from '../cloudformation/properties.ts';
import type { LocalService, ResolvedResource, Surroundings } from '../ports.ts';
import { startJsonService } from '../shared/json-service.ts';
import { keySpecs, openKeyStore } from './keys.ts';
import { kmsOperations } from './operations.ts';

const keyProperties = z.strictObject({
  Description: z.string().default(''),
  KeySpec: z.enum(keySpecs).default('SYMMETRIC_DEFAULT'),
  KeyUsage: noEffect,
  Enabled: noEffect,
  // Who may use it and when it is replaced: on one machine its file's mode says the first, and old keys must open old seals.
  KeyPolicy: noEffect,
  EnableKeyRotation: noEffect,
  RotationPeriodInDays: noEffect,
  PendingWindowInDays: noEffect,
  MultiRegion: noEffect,
  BypassPolicyLockoutSafetyCheck: noEffect,
  Origin: noEffect,
  Tags: noEffect,
});
const aliasProperties = z.strictObject({
  AliasName: z.string().startsWith('alias/'),
  TargetKeyId: z.string(),
});

/** KMS on one machine: AES-256-GCM with the encryption context authenticated, HMAC and ECDSA keys, in a file of mode 0600. */
export const startKms = async (
  surroundings: Pick<Surroundings, 'region' | 'accountId' | 'stateDir' | 'log' | 'meter'>,
): Promise<LocalService & { readonly endpoint: string }> => {
  const { region, accountId, stateDir, log } = surroundings;
  const store = openKeyStore(join(stateDir('kms'), 'keys.json'));
  const aliases = new Map<string, string>();
  const service = await startJsonService({
    name: 'KMS',
    contentType: 'application/x-amz-json-1.1',
    operations: kmsOperations(store, aliases, { region, accountId }),
    log: (line) => log('kms', line),
    onRequest: (operation) => surroundings.meter?.count('kms.requests', operation, 1),
  });
  const createKey = (resource: ResolvedResource) => {
    const { KeySpec, Description } = readProperties(resource, keyProperties);
    const { keyId } = store.ensure(`${resource.stack}/${resource.logicalId}`, KeySpec, Description);
    return {
      ref: keyId,
      attributes: { Arn: `arn:aws:kms:${region}:${accountId}:key/${keyId}`, KeyId: keyId },
    };
  };
  const createAlias = (resource: ResolvedResource) => {
    const { AliasName, TargetKeyId } = readProperties(resource, aliasProperties);
    const keyId = TargetKeyId.split('/').at(-1) ?? TargetKeyId;
    aliases.set(AliasName, keyId);
    return { ref: AliasName };
  };
  return {
    endpoint: service.endpoint,
    resources: { 'AWS::KMS::Key': createKey, 'AWS::KMS::Alias': createAlias },
    close: service.close,
  };
};
