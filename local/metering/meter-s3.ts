import type { LifecycleRule } from '../s3/lifecycle.ts';
import type { S3Count } from '../s3/s3-server.ts';
import type { Meter } from './meter.ts';

const daySeconds = 86_400;
/** PUT, COPY, POST and LIST; deletions are free; the rest is billed as GET. */
const tier1 = new Set(['PutObject', 'ListObjectsV2', 'CreateBucket']);
const free = new Set(['DeleteObject', 'DeleteObjects']);

type Kept = { readonly bytes: number; readonly endsAtS: number | undefined };

/**
 * Reports S3's requests by class, and stored bytes by how long a bucket's lifecycle keeps them: what is overwritten or
 * deleted before gives the rest of its time back.
 */
export const s3Meter = (meter: Meter) => {
  const rules = new Map<string, readonly LifecycleRule[]>();
  const objects = new Map<string, Kept>();
  const placeOf = (bucket: string, key: string) =>
    `${bucket}/${key.includes('/') ? `${key.split('/')[0]}/` : ''}`;

  const forget = (bucket: string, key: string, nowS: number) => {
    const kept = objects.get(`${bucket}/${key}`);
    if (!kept) return;
    objects.delete(`${bucket}/${key}`);
    const place = placeOf(bucket, key);
    if (kept.endsAtS === undefined) meter.count('s3.keptBytes', place, -kept.bytes);
    else meter.count('s3.byteSeconds', place, -kept.bytes * Math.max(0, kept.endsAtS - nowS));
  };
  const keep = (bucket: string, key: string, bytes: number, nowS: number) => {
    forget(bucket, key, nowS);
    const days = (rules.get(bucket) ?? [])
      .filter(({ prefix }) => key.startsWith(prefix))
      .map((rule) => rule.days);
    const seconds = days.length === 0 ? undefined : Math.min(...days) * daySeconds;
    objects.set(`${bucket}/${key}`, {
      bytes,
      endsAtS: seconds === undefined ? undefined : nowS + seconds,
    });
    const place = placeOf(bucket, key);
    if (seconds === undefined) meter.count('s3.keptBytes', place, bytes);
    else meter.count('s3.byteSeconds', place, bytes * seconds);
  };

  return {
    hasBucket: (bucket: string, lifecycle: readonly LifecycleRule[]) => void rules.set(bucket, lifecycle),
    onRequest: ({ operation, bucket, key, bytesIn, deleted = [] }: S3Count) => {
      const place = placeOf(bucket, key);
      if (!free.has(operation))
        meter.count(tier1.has(operation) ? 's3.tier1Requests' : 's3.tier2Requests', place, 1);
      const nowS = Date.now() / 1000;
      if (operation === 'PutObject' && bytesIn > 0) keep(bucket, key, bytesIn, nowS);
      for (const one of deleted) forget(bucket, one, nowS);
    },
  };
};
