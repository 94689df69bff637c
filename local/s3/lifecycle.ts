import * as z from 'zod';
import { cfnNumber, noEffect } from '../cloudformation/properties.ts';

const dayMs = 24 * 60 * 60_000;

/** Objects below `prefix` expire `days` after they were put. */
export type LifecycleRule = { readonly prefix: string; readonly days: number };

/** `LifecycleConfiguration` as far as the app uses it. */
export const lifecycleConfiguration = z
  .strictObject({
    Rules: z.array(
      z.strictObject({
        Id: noEffect,
        Status: z.enum(['Enabled', 'Disabled']),
        Prefix: z.string().default(''),
        ExpirationInDays: cfnNumber.optional(),
        // There are neither versions nor uploads in parts here.
        AbortIncompleteMultipartUpload: noEffect,
        NoncurrentVersionExpiration: noEffect,
      }),
    ),
    TransitionDefaultMinimumObjectSize: noEffect,
  })
  .transform(({ Rules }): LifecycleRule[] =>
    Rules.flatMap(({ Status, Prefix, ExpirationInDays }) =>
      Status === 'Enabled' && ExpirationInDays !== undefined
        ? [{ prefix: Prefix, days: ExpirationInDays }]
        : [],
    ),
  );

/** As S3 counts: the days after the put, rounded up to the next midnight UTC. */
export const isExpired = (rules: readonly LifecycleRule[], key: string, modifiedMs: number, nowMs: number) =>
  rules.some(
    ({ prefix, days }) =>
      key.startsWith(prefix) && nowMs >= Math.ceil((modifiedMs + days * dayMs) / dayMs) * dayMs,
  );
