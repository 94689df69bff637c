import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import type { KMSClient } from '@aws-sdk/client-kms';
import { GetPublicKeyCommand, SignCommand } from '@aws-sdk/client-kms';
import { GetObjectCommand, NoSuchKey, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { GetCommand, PutCommand, paginateQuery, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { toLink } from './audit-repository.ts';
import { type StoredCheckpoint, storedCheckpoint } from './checkpoint.ts';
import { type AuditStore, auditKeys } from './commit-with-audit.ts';
import type { Tile, TileName } from './merkle-tiles.ts';

type Store = Pick<AuditStore, 'db' | 'auditTable'>;
type Shelf = { readonly s3: S3Client; readonly logBucket: string };

const keys = {
  /** Sites with a log, and the newest checkpoint of each. */
  latest: (siteId: number) => ({ pk: auditKeys.head(siteId).pk, sk: 'CHECKPOINT' }),
  note: (siteId: number, size: number) => `site/${siteId}/checkpoint/${String(size).padStart(15, '0')}`,
  tile: (siteId: number, { row, index }: Pick<TileName, 'row' | 'index'>) =>
    `site/${siteId}/tile/${row}/${String(index).padStart(12, '0')}`,
};

export const readLatest =
  ({ db, auditTable }: Store) =>
  async (siteId: number): Promise<StoredCheckpoint | undefined> => {
    const { Item } = await db.send(
      new GetCommand({ TableName: auditTable, Key: keys.latest(siteId), ConsistentRead: true }),
    );
    return Item && storedCheckpoint.parse(Item);
  };

/** Keeps the note under object lock, then makes it the newest; false when there is one of this size or a greater. */
export const record =
  ({ db, auditTable, s3, logBucket }: Store & Shelf) =>
  async (siteId: number, checkpoint: StoredCheckpoint): Promise<boolean> => {
    await s3.send(
      new PutObjectCommand({
        Bucket: logBucket,
        Key: keys.note(siteId, checkpoint.size),
        Body: checkpoint.note,
        ContentType: 'text/plain; charset=utf-8',
      }),
    );
    try {
      await db.send(
        new PutCommand({
          TableName: auditTable,
          Item: { ...keys.latest(siteId), ...checkpoint },
          ConditionExpression: 'attribute_not_exists(pk) OR #size < :size',
          ExpressionAttributeNames: { '#size': 'size' },
          ExpressionAttributeValues: { ':size': checkpoint.size },
        }),
      );
      return true;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return false;
      throw error;
    }
  };

/** The signed note of a checkpoint of exactly this size; undefined when there is none. */
export const readNote =
  (shelf: Shelf) =>
  async (siteId: number, size: number): Promise<string | undefined> =>
    (await readObject(shelf, keys.note(siteId, size)))?.toString('utf8');

export const readFullTile =
  (shelf: Shelf) =>
  (siteId: number, name: Pick<TileName, 'row' | 'index'>): Promise<Uint8Array | undefined> =>
    readObject(shelf, keys.tile(siteId, name));

export const writeFullTile =
  ({ s3, logBucket }: Shelf) =>
  async (siteId: number, { name, bytes }: Tile): Promise<void> => {
    await s3.send(new PutObjectCommand({ Bucket: logBucket, Key: keys.tile(siteId, name), Body: bytes }));
  };

const readObject = async ({ s3, logBucket }: Shelf, Key: string): Promise<Buffer | undefined> => {
  try {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: logBucket, Key }));
    return Buffer.from((await Body?.transformToByteArray()) ?? []);
  } catch (error) {
    if (error instanceof NoSuchKey) return undefined;
    throw error;
  }
};

/** A site's links from one number to another, both included; undefined for an item that is not a link. */
export const readLinks = ({ db, auditTable }: Store) =>
  async function* (siteId: number, firstSeq: number, lastSeq: number) {
    const pages = paginateQuery(
      { client: db },
      {
        TableName: auditTable,
        KeyConditionExpression: 'pk = :site AND sk BETWEEN :first AND :last',
        ExpressionAttributeValues: {
          ':site': auditKeys.head(siteId).pk,
          ':first': auditKeys.link(siteId, firstSeq).sk,
          ':last': auditKeys.link(siteId, lastSeq).sk,
        },
        ConsistentRead: true,
      },
    );
    for await (const { Items } of pages) for (const item of Items ?? []) yield toLink(item);
  };

/** Notes that a site has a log; the scheduled run goes through these. */
export const noteSite =
  ({ db, auditTable }: Store) =>
  async (siteId: number): Promise<void> => {
    await db.send(
      new UpdateCommand({
        TableName: auditTable,
        Key: { pk: 'SITES', sk: String(siteId) },
        UpdateExpression: 'SET seen = :yes',
        ExpressionAttributeValues: { ':yes': true },
      }),
    );
  };

export const loggedSites =
  ({ db, auditTable }: Store) =>
  async (): Promise<number[]> => {
    const sites: number[] = [];
    const pages = paginateQuery(
      { client: db },
      {
        TableName: auditTable,
        KeyConditionExpression: 'pk = :sites',
        ExpressionAttributeValues: { ':sites': 'SITES' },
      },
    );
    for await (const { Items } of pages)
      for (const item of Items ?? []) sites.push(Number(z.object({ sk: z.string() }).parse(item).sk));
    return sites;
  };

/** Signs with the log's key (ECDSA P-256, SHA-256) and tells the public key that goes with it. */
export const kmsSigner = (kms: KMSClient, keyId: string) => {
  let publicKey: Promise<Uint8Array> | undefined;
  const readPublicKey = async () => {
    const { PublicKey } = await kms.send(new GetPublicKeyCommand({ KeyId: keyId }));
    if (!PublicKey) throw new Error('KMS tells no public key');
    return PublicKey;
  };
  const known = () => {
    publicKey ??= readPublicKey().catch((error: unknown) => {
      publicKey = undefined;
      throw error;
    });
    return publicKey;
  };
  return {
    readPublicKey: known,
    sign: async (text: string) => {
      const { Signature } = await kms.send(
        new SignCommand({
          KeyId: keyId,
          Message: Buffer.from(text),
          MessageType: 'RAW',
          SigningAlgorithm: 'ECDSA_SHA_256',
        }),
      );
      if (!Signature) throw new Error('KMS gave no signature');
      return { signature: Signature, publicKey: await known() };
    },
  };
};
