import * as z from 'zod';
import { cfnBoolean, cfnNumber, noEffect } from '../cloudformation/properties.ts';

export const functionProperties = z.strictObject({
  FunctionName: z.string().max(64).optional(),
  Code: z.object({
    S3Key: z.string().optional(),
    ZipFile: z.string().optional(),
    S3Bucket: noEffect,
    ImageUri: z.string().optional(),
  }),
  Handler: z.string().optional(),
  Runtime: z.string().optional(),
  Timeout: cfnNumber.default(3),
  MemorySize: cfnNumber.default(128),
  ReservedConcurrentExecutions: cfnNumber.optional(),
  Environment: z.object({ Variables: z.record(z.string(), z.coerce.string()).default({}) }).optional(),
  DeadLetterConfig: z.object({ TargetArn: z.string() }).optional(),
  Layers: z.array(z.unknown()).optional(),
  Role: z.string(),
  // The machine's own architecture, disk and log files stand for these.
  Architectures: noEffect,
  Description: noEffect,
  EphemeralStorage: noEffect,
  LoggingConfig: noEffect,
  RecursiveLoop: noEffect,
  RuntimeManagementConfig: noEffect,
  Tags: noEffect,
  /** No traces are kept locally, but they are billed. */
  TracingConfig: z.object({ Mode: z.string() }).optional(),
});

const queueDestination = z.object({
  Destination: z
    .string()
    .startsWith('arn:aws:sqs:', 'must be a queue: other destinations are not run locally'),
});

export const mappingProperties = z.strictObject({
  EventSourceArn: z.string(),
  FunctionName: z.string(),
  Enabled: cfnBoolean.default(true),
  BatchSize: cfnNumber.optional(),
  MaximumBatchingWindowInSeconds: cfnNumber.default(0),
  FunctionResponseTypes: z.array(z.literal('ReportBatchItemFailures')).default([]),
  ScalingConfig: z.object({ MaximumConcurrency: cfnNumber.optional() }).optional(),
  StartingPosition: z.enum(['TRIM_HORIZON', 'LATEST']).optional(),
  BisectBatchOnFunctionError: cfnBoolean.default(false),
  MaximumRetryAttempts: cfnNumber.default(-1),
  MaximumRecordAgeInSeconds: cfnNumber.default(-1),
  DestinationConfig: z.object({ OnFailure: queueDestination.optional() }).optional(),
  // One reader keeps a stronger order than several.
  ParallelizationFactor: noEffect,
  MetricsConfig: noEffect,
  Tags: noEffect,
});
export type MappingProperties = z.infer<typeof mappingProperties>;

export const eventInvokeProperties = z.strictObject({
  FunctionName: z.string(),
  Qualifier: z.literal('$LATEST'),
  MaximumRetryAttempts: cfnNumber.default(2),
  MaximumEventAgeInSeconds: noEffect,
  DestinationConfig: z
    .object({ OnFailure: queueDestination.optional(), OnSuccess: queueDestination.optional() })
    .optional(),
});
