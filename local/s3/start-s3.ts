import * as z from 'zod';
import { noEffect, readProperties } from '../cloudformation/properties.ts';
import type { LocalService, ResolvedResource, Surroundings } from '../ports.ts';
import type { FauxqsServer } from '../shared/fauxqs-server.ts';
import { physicalName } from '../shared/physical-name.ts';

const bucketProperties = z.strictObject({
  BucketName: z.string().optional(),
  // Who may read, how it is encrypted, when it expires and what is logged: the disk of this machine knows none of it.
  AccessControl: noEffect,
  BucketEncryption: noEffect,
  IntelligentTieringConfigurations: noEffect,
  LifecycleConfiguration: noEffect,
  LoggingConfiguration: noEffect,
  OwnershipControls: noEffect,
  PublicAccessBlockConfiguration: noEffect,
  Tags: noEffect,
  // Kept out of reach of deletion only in the cloud: here nobody but the owner of the disk could delete.
  ObjectLockConfiguration: noEffect,
  ObjectLockEnabled: noEffect,
  VersioningConfiguration: noEffect,
});

/** S3 by fauxqs, path style. Objects survive restarts; versions and object lock are the cloud's. */
export const startS3 = async (
  { region }: Pick<Surroundings, 'region'>,
  server: FauxqsServer,
): Promise<LocalService & { readonly endpoint: string }> => {
  const createBucket = (resource: ResolvedResource) => {
    const { BucketName } = readProperties(resource, bucketProperties);
    const name = BucketName ?? physicalName(resource, 63).toLowerCase();
    if (!server.objects.hasBucket(name)) server.objects.createBucket(name);
    return {
      ref: name,
      attributes: {
        Arn: `arn:aws:s3:::${name}`,
        DomainName: `${name}.s3.amazonaws.com`,
        RegionalDomainName: `${name}.s3.${region}.amazonaws.com`,
        DualStackDomainName: `${name}.s3.dualstack.${region}.amazonaws.com`,
        WebsiteURL: `http://${name}.s3-website-${region}.amazonaws.com`,
      },
    };
  };
  return { endpoint: server.endpoint, resources: { 'AWS::S3::Bucket': createBucket }, close: async () => {} };
};
