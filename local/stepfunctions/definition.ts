import * as z from 'zod';
import { json } from './json.ts';

const comment = { Comment: z.string().optional(), QueryLanguage: z.literal('JSONata').optional() };
/** A literal or one `{% expression %}`. */
const numberOrQuery = z.union([z.number().nonnegative(), z.string()]);
const assign = z.record(z.string(), json);
const next = { Next: z.string().optional(), End: z.literal(true).optional() };
const out = { Output: json.optional(), Assign: assign.optional() };
const errorNames = z.array(z.string()).min(1);

const retrier = z.strictObject({
  Comment: z.string().optional(),
  ErrorEquals: errorNames,
  IntervalSeconds: z.int().positive().default(1),
  MaxAttempts: z.int().nonnegative().default(3),
  BackoffRate: z.number().min(1).default(2),
  MaxDelaySeconds: z.int().positive().optional(),
  JitterStrategy: z.enum(['FULL', 'NONE']).default('NONE'),
});
export type Retrier = z.infer<typeof retrier>;

const catcher = z.strictObject({
  Comment: z.string().optional(),
  ErrorEquals: errorNames,
  Next: z.string(),
  ...out,
});
const failing = { Retry: z.array(retrier).default([]), Catch: z.array(catcher).default([]) };

const pass = z.strictObject({ Type: z.literal('Pass'), ...comment, ...next, ...out });
const task = z.strictObject({
  Type: z.literal('Task'),
  ...comment,
  ...next,
  ...out,
  ...failing,
  Resource: z.string(),
  Arguments: json.optional(),
  TimeoutSeconds: numberOrQuery.optional(),
  HeartbeatSeconds: numberOrQuery.optional(),
});
const choice = z.strictObject({
  Type: z.literal('Choice'),
  ...comment,
  ...out,
  Choices: z
    .array(
      z.strictObject({
        Comment: z.string().optional(),
        Condition: z.union([z.boolean(), z.string()]),
        Next: z.string(),
        ...out,
      }),
    )
    .min(1),
  Default: z.string().optional(),
});
const wait = z
  .strictObject({
    Type: z.literal('Wait'),
    ...comment,
    ...next,
    ...out,
    Seconds: numberOrQuery.optional(),
    Timestamp: z.string().optional(),
  })
  .refine(
    ({ Seconds, Timestamp }) => (Seconds === undefined) !== (Timestamp === undefined),
    'needs exactly one of Seconds and Timestamp',
  );
const succeed = z.strictObject({ Type: z.literal('Succeed'), ...comment, Output: json.optional() });
const fail = z.strictObject({
  Type: z.literal('Fail'),
  ...comment,
  Error: z.string().optional(),
  Cause: z.string().optional(),
});
const parallel = z.strictObject({
  Type: z.literal('Parallel'),
  ...comment,
  ...next,
  ...out,
  ...failing,
  Arguments: json.optional(),
  Branches: z.array(z.unknown()).min(1),
});
const map = z.strictObject({
  Type: z.literal('Map'),
  ...comment,
  ...next,
  ...out,
  ...failing,
  Items: json.optional(),
  ItemSelector: json.optional(),
  ItemProcessor: z.unknown(),
  MaxConcurrency: numberOrQuery.optional(),
  ToleratedFailureCount: numberOrQuery.optional(),
  ToleratedFailurePercentage: numberOrQuery.optional(),
});
export const machineSchema = z.strictObject({
  Comment: z.string().optional(),
  QueryLanguage: z.string().optional(),
  Version: z.literal('1.0').optional(),
  TimeoutSeconds: z.int().positive().optional(),
  ProcessorConfig: z.strictObject({ Mode: z.literal('INLINE') }).optional(),
  StartAt: z.string(),
  States: z.record(z.string(), z.unknown()),
});

export type PassState = z.infer<typeof pass>;
export type TaskState = z.infer<typeof task>;
export type ChoiceState = z.infer<typeof choice>;
export type WaitState = z.infer<typeof wait>;
export type SucceedState = z.infer<typeof succeed>;
export type FailState = z.infer<typeof fail>;
export type ParallelState = Omit<z.infer<typeof parallel>, 'Branches'> & {
  readonly Branches: readonly Machine[];
};
export type MapState = Omit<z.infer<typeof map>, 'ItemProcessor'> & { readonly ItemProcessor: Machine };
export type State =
  | PassState
  | TaskState
  | ChoiceState
  | WaitState
  | SucceedState
  | FailState
  | ParallelState
  | MapState;
/** A machine, a branch or an item processor. */
export type Machine = {
  readonly startAt: string;
  readonly timeoutSeconds?: number;
  readonly states: ReadonlyMap<string, State>;
};

export const stateSchemas = {
  Pass: pass,
  Task: task,
  Choice: choice,
  Wait: wait,
  Succeed: succeed,
  Fail: fail,
  Parallel: parallel,
  Map: map,
} as const;
