import { DecryptCommand, EncryptCommand, type KMSClient } from '@aws-sdk/client-kms';
import { GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import type { TransactItem } from '../audit/commit-with-audit.ts';
import { type IdentityStore, identityKeys, type UserRef } from './identity-keys.ts';

export type SecondFactor = {
  readonly isActive: boolean;
  /** The secret, sealed by KMS under the user's encryption context. */
  readonly sealed: Uint8Array;
  /** The step of the last code taken: it and all before it are spent. */
  readonly lastStep: number;
  readonly recoveryHashes: readonly string[];
};

const bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array);
const factorItem = z
  .object({
    is_active: z.boolean(),
    sealed: bytes,
    last_step: z.int(),
    recovery_hashes: z
      .custom<ReadonlySet<unknown>>((value) => value instanceof Set)
      .transform((set) => z.array(z.string()).parse([...set]))
      .optional(),
  })
  .transform(
    (item): SecondFactor => ({
      isActive: item.is_active,
      sealed: item.sealed,
      lastStep: item.last_step,
      recoveryHashes: item.recovery_hashes ?? [],
    }),
  );

export const findSecondFactor =
  ({ db, identityTable }: IdentityStore) =>
  async (ref: UserRef): Promise<SecondFactor | undefined> => {
    const { Item } = await db.send(
      new GetCommand({ TableName: identityTable, Key: identityKeys.secondFactor(ref), ConsistentRead: true }),
    );
    return Item && factorItem.parse(Item);
  };

/** Keeps a secret that is yet to be confirmed, in place of another such. Throws where one is active. */
export const putPendingFactor =
  ({ db, identityTable }: IdentityStore) =>
  async (ref: UserRef, sealed: Uint8Array): Promise<void> => {
    await db.send(
      new PutCommand({
        TableName: identityTable,
        Item: { ...identityKeys.secondFactor(ref), is_active: false, sealed, last_step: 0 },
        ConditionExpression: 'attribute_not_exists(pk) OR is_active = :no',
        ExpressionAttributeValues: { ':no': false },
      }),
    );
  };

/** The parts of transactions that concern the factor. Each fails where the code was spent meanwhile. */
export const factorChanges = ({ identityTable: TableName }: IdentityStore, ref: UserRef) => {
  const Key = identityKeys.secondFactor(ref);
  return {
    activate: (step: number, recoveryHashes: readonly string[]): TransactItem => ({
      Update: {
        TableName,
        Key,
        UpdateExpression: 'SET is_active = :yes, last_step = :step, recovery_hashes = :hashes',
        ConditionExpression: 'is_active = :no AND last_step < :step',
        ExpressionAttributeValues: {
          ':yes': true,
          ':no': false,
          ':step': step,
          ':hashes': new Set(recoveryHashes),
        },
      },
    }),
    spendCode: (step: number): TransactItem => ({
      Update: {
        TableName,
        Key,
        UpdateExpression: 'SET last_step = :step',
        ConditionExpression: 'is_active = :yes AND last_step < :step',
        ExpressionAttributeValues: { ':yes': true, ':step': step },
      },
    }),
    spendRecoveryCode: (hash: string): TransactItem => ({
      Update: {
        TableName,
        Key,
        UpdateExpression: 'DELETE recovery_hashes :spent',
        ConditionExpression: 'is_active = :yes AND contains(recovery_hashes, :hash)',
        ExpressionAttributeValues: { ':yes': true, ':spent': new Set([hash]), ':hash': hash },
      },
    }),
    remove: (): TransactItem => ({ Delete: { TableName, Key } }),
  };
};

/** Seals secrets so that they open only for the user whose they are. */
export const factorSeal = (kms: KMSClient, keyId: string) => {
  const context = ({ tenantId, userId }: UserRef) => ({
    EncryptionContext: { tenant: tenantId, user: String(userId), purpose: 'second-factor' },
  });
  return {
    seal: async (ref: UserRef, secret: Uint8Array): Promise<Uint8Array> => {
      const { CiphertextBlob } = await kms.send(
        new EncryptCommand({ KeyId: keyId, Plaintext: secret, ...context(ref) }),
      );
      if (!CiphertextBlob) throw new Error('KMS sealed nothing');
      return CiphertextBlob;
    },
    open: async (ref: UserRef, sealed: Uint8Array): Promise<Uint8Array> => {
      const { Plaintext } = await kms.send(
        new DecryptCommand({ KeyId: keyId, CiphertextBlob: sealed, ...context(ref) }),
      );
      if (!Plaintext) throw new Error('KMS opened nothing');
      return Plaintext;
    },
  };
};
