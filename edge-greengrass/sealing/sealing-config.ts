import * as z from 'zod';
import { tenantId } from '../../contracts/identifiers.ts';

const text = z.string().min(1).max(1_024);
const many = z.array(text).max(16).default([]);

/** Which key service, and which of its keys. Secrets of a service lie in files of their own, which these name. */
const keyService = z.discriminatedUnion('provider', [
  z.strictObject({
    provider: z.literal('local'),
    /** Left out: `sealing.key` in the state directory. */
    keyPath: text.optional(),
  }),
  z.strictObject({
    provider: z.literal('pkcs11'),
    modulePath: text,
    tokenLabel: text,
    pinPath: text,
    keyId: z.string().regex(/^([0-9a-f]{2}){1,32}$/),
    olderKeyIds: many,
    oaepHash: z.enum(['sha1', 'sha256']).default('sha256'),
    toolPath: text.optional(),
  }),
  z.strictObject({
    provider: z.literal('aws-kms'),
    keyArn: text,
    olderKeyArns: many,
    region: text,
    /** Where it is not the region's own, such as a VPC endpoint. */
    endpoint: z.url().optional(),
    /** AWS IoT's credentials provider; left out under Greengrass, whose token exchange the SDK finds by itself. */
    credentials: z
      .strictObject({ host: text, port: z.int().min(1).max(65_535).default(443), roleAlias: text })
      .optional(),
  }),
  z.strictObject({
    provider: z.literal('gcp-kms'),
    /** Credentials are Google's application default credentials. */
    keyName: z.string().regex(/^projects\/[^/]+\/locations\/[^/]+\/keyRings\/[^/]+\/cryptoKeys\/[^/]+$/),
    olderKeyNames: many,
  }),
  z.strictObject({
    provider: z.literal('azure-key-vault'),
    keyId: z.url(),
    olderKeyIds: many,
    /** The directory (tenant) of the application that may use the key, its id and the file that holds its secret. */
    directoryId: text,
    clientId: text,
    secretPath: text,
  }),
]);
export type KeyService = z.infer<typeof keyService>;

/**
 * How the gateway seals. `disk` wraps what lies in its state directory and must work without a line; `backup` wraps the copy
 * of the inventory that the cloud keeps for a gateway that replaces this one, and without it there is no such copy.
 */
export const sealingConfig = z
  .strictObject({
    tenant: tenantId.optional(),
    disk: keyService.default({ provider: 'local' }),
    backup: keyService.optional(),
  })
  .refine(({ tenant, backup }) => backup === undefined || tenant !== undefined, {
    path: ['tenant'],
    message: 'is needed for a backup',
  });
