import { temporaryDirectory } from '../testing/test-app.ts';
import { type S3Options, startS3 } from './start-s3.ts';

/** An S3 with the buckets named, for a test; what it holds is gone when it is closed. */
export const startTestS3 = async (...buckets: readonly string[]) => {
  const directory = temporaryDirectory();
  const server = await startS3In(directory.path, buckets);
  return {
    endpoint: server.endpoint,
    close: async () => {
      await server.close();
      directory[Symbol.dispose]();
    },
  };
};

/** An S3 whose state lies in a directory. */
export const startS3In = async (path: string, buckets: readonly string[], options: S3Options = {}) => {
  const s3 = await startS3({ region: 'us-east-1', stateDir: () => path, log: () => {} }, options);
  const create = s3.resources['AWS::S3::Bucket'];
  for (const BucketName of buckets)
    await create?.({
      stack: 'Test',
      logicalId: BucketName,
      type: 'AWS::S3::Bucket',
      properties: { BucketName },
    });
  return s3;
};
