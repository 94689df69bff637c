import * as z from 'zod';
import { noEffect, readProperties } from '../cloudformation/properties.ts';
import { s3Meter } from '../metering/meter-s3.ts';
import type { LocalService, ResolvedResource, Surroundings } from '../ports.ts';
import { physicalName } from '../shared/physical-name.ts';
import { lifecycleConfiguration } from './lifecycle.ts';
import { openObjectStore } from './object-store.ts';
import { type S3ServerOptions, startS3Server } from './s3-server.ts';

const bucketProperties = z.strictObject({
  BucketName: z.string().optional(),
  LifecycleConfiguration: lifecycleConfiguration.optional(),
  // Who may read, how it is encrypted and what is logged: the disk of this machine knows none of it.
  AccessControl: noEffect,
  BucketEncryption: noEffect,
  IntelligentTieringConfigurations: noEffect,
  LoggingConfiguration: noEffect,
  OwnershipControls: noEffect,
  PublicAccessBlockConfiguration: noEffect,
  Tags: noEffect,
  // Kept out of reach of deletion only in the cloud: here nobody but the owner of the disk could delete.
  ObjectLockConfiguration: noEffect,
  ObjectLockEnabled: noEffect,
  VersioningConfiguration: noEffect,
});

export type S3Options = Partial<Pick<S3ServerOptions, 'credentials' | 'onRequest' | 'nowMs'>>;

/** S3 on one machine: objects in files under the state directory, kept between runs until they expire. */
export const startS3 = async (
  { region, stateDir, log, meter: shared }: Pick<Surroundings, 'region' | 'stateDir' | 'log' | 'meter'>,
  {
    credentials = { accessKeyId: 'local', secretAccessKey: 'local' },
    nowMs = Date.now,
    ...options
  }: S3Options = {},
): Promise<LocalService & { readonly endpoint: string }> => {
  const meter = shared && s3Meter(shared);
  const onRequest = options.onRequest ?? meter?.onRequest;
  const store = openObjectStore(stateDir('s3'), nowMs);
  const server = await startS3Server({
    store,
    credentials,
    nowMs,
    log: (line) => log('s3', line),
    ...(onRequest && { onRequest }),
  });
  const createBucket = (resource: ResolvedResource) => {
    const { BucketName, LifecycleConfiguration } = readProperties(resource, bucketProperties);
    const name = BucketName ?? physicalName(resource, 63).toLowerCase();
    store.createBucket(name, LifecycleConfiguration ?? []);
    meter?.hasBucket(name, LifecycleConfiguration ?? []);
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
  return {
    endpoint: server.endpoint,
    resources: { 'AWS::S3::Bucket': createBucket },
    close: async () => {
      await server.close();
      store.close();
    },
  };
};
