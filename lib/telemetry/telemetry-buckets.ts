import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { BlockPublicAccess, Bucket, BucketEncryption, ObjectOwnership } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { keptMs } from '../../lambdas/telemetry/windows.ts';

const closed = {
  blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
  objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
  enforceSSL: true,
  removalPolicy: RemovalPolicy.RETAIN,
};

/**
 * How many days S3 keeps what lies under a prefix: longer than anything refers to it. What a reader may still see is
 * decided on reading (docs/decisions/0008); this only clears up.
 */
export const keptDays = {
  'batch/': 8,
  'raw/': 8,
  'live/': 420,
  'history/': 101,
  'groups/': 420,
  'daily/': 420,
  'export/': 7,
} as const;

/**
 * The blocks of every tier. Encrypted under the customer's key, with a bucket key: S3 then asks KMS once per caller and
 * some minutes, not once per object.
 */
export const blockBucket = (scope: Construct, id: string, encryptionKey: IKey) =>
  new Bucket(scope, id, {
    ...closed,
    encryption: BucketEncryption.KMS,
    encryptionKey,
    bucketKeyEnabled: true,
    lifecycleRules: [
      ...Object.entries(keptDays).map(([prefix, days]) => ({ prefix, expiration: Duration.days(days) })),
      { abortIncompleteMultipartUploadAfter: Duration.days(1) },
    ],
  });

/** What could not be used, as it came. */
export const quarantineBucket = (scope: Construct, id: string) =>
  new Bucket(scope, id, {
    ...closed,
    encryption: BucketEncryption.S3_MANAGED,
    lifecycleRules: [
      {
        expiration: Duration.millis(keptMs.quarantine),
        abortIncompleteMultipartUploadAfter: Duration.days(1),
      },
    ],
  });
