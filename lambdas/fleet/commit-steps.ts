import type { NewDomainEvent } from '../../contracts/domain-event.ts';
import { commitWithAudit, type TransactItem } from '../audit/commit-with-audit.ts';
import { type Failure, fail, type Result, succeed } from '../shared/result.ts';
import type { FleetWriter } from './fleet-repository.ts';

/** One item of a transaction, and what to say where its condition does not hold. */
export type Step = {
  readonly item: TransactItem;
  readonly refusal: (current: Record<string, unknown> | undefined) => Failure;
};

/** Which step stood in the way, and why. Nothing was written then. */
export type Refused = { readonly ok: false; readonly step: number; readonly failure: Failure };

/** All of the steps with their audit events, or none. */
export const commitSteps =
  (store: FleetWriter) =>
  async (
    steps: readonly Step[],
    events: readonly NewDomainEvent[],
  ): Promise<{ readonly ok: true } | Refused> => {
    const committed = await commitWithAudit(store)(
      steps.map(({ item }) => item),
      events,
    );
    if (committed.ok) return { ok: true };
    const refused = steps[committed.conflict];
    if (!refused) throw new RangeError(`A commit of ${steps.length} steps failed at ${committed.conflict}`);
    return { ok: false, step: committed.conflict, failure: refused.refusal(committed.current) };
  };

export const asResult = <T>(committed: { readonly ok: true } | Refused, value: T): Result<T> =>
  committed.ok
    ? succeed(value)
    : fail(committed.failure.code, committed.failure.message, committed.failure.issues);

export const failureOf = (code: Failure['code'], message: string, field?: string): Failure => ({
  code,
  message,
  ...(field !== undefined && { issues: [{ field, message }] }),
});

type Key = { readonly pk: string; readonly sk: string };

/** Puts something that is not there yet. */
export const insertStep = (
  TableName: string,
  key: Key,
  item: Record<string, unknown>,
  taken: string,
): Step => ({
  item: { Put: { TableName, Item: { ...key, ...item }, ConditionExpression: 'attribute_not_exists(pk)' } },
  refusal: () => failureOf('conflict', taken),
});

/** Puts the next state of a thing of which nobody has made another since `version`. */
export const replaceStep = (
  TableName: string,
  key: Key,
  item: Record<string, unknown>,
  version: number,
  what: string,
): Step => ({
  item: {
    Put: {
      TableName,
      Item: { ...key, ...item },
      ConditionExpression:
        version === 1
          ? 'attribute_exists(pk) AND (attribute_not_exists(version) OR version = :version)'
          : 'version = :version',
      ExpressionAttributeValues: { ':version': version },
    },
  },
  refusal: () => changedMeanwhile(what),
});

export const changedMeanwhile = (what: string): Failure =>
  failureOf('conflict', `${what} has changed meanwhile; read it again`);

/** The thing is there and in use, and stays so until the commit. */
export const inUseStep = (TableName: string, Key: Key, what: string, field?: string): Step => ({
  item: {
    ConditionCheck: {
      TableName,
      Key,
      ConditionExpression: 'attribute_exists(pk) AND (attribute_not_exists(#status) OR #status <> :archived)',
      ExpressionAttributeNames: { '#status': 'status' },
      ExpressionAttributeValues: { ':archived': 'archived' },
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    },
  },
  refusal: (current) =>
    field === undefined
      ? failureOf('invalid_state', `${what} is archived`)
      : failureOf(
          'validation_failed',
          `${field}: ${what} is ${current ? 'archived' : 'not of this site'}`,
          field,
        ),
});

/** Counts a change of the site's miners; with `seen`, only where nobody made one since. */
export const countStep = (TableName: string, Key: Key, seen?: number): Step => ({
  item: {
    Update: {
      TableName,
      Key,
      UpdateExpression: 'ADD version :one',
      ...(seen !== undefined && {
        ConditionExpression: seen === 0 ? 'attribute_not_exists(version)' : 'version = :seen',
      }),
      ExpressionAttributeValues: { ':one': 1, ...(seen !== undefined && seen > 0 && { ':seen': seen }) },
    },
  },
  refusal: () => failureOf('conflict', 'The miners of the site have changed meanwhile; try again'),
});
