import type { ErrorCode } from '../../contracts/api-error.ts';

/** An expected failure of a use case: a value, not an exception. `message` is safe to show to the caller. */
export type Failure = {
  readonly code: Exclude<ErrorCode, 'internal_error'>;
  readonly message: string;
  readonly issues?: readonly { readonly field: string; readonly message: string }[];
  /** Of `too_many_requests`: when it is worth another try, in seconds. */
  readonly retryAfterS?: number;
};

export type Result<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly failure: Failure };

export const succeed = <T>(value: T): Result<T> => ({ ok: true, value });

export const fail = (code: Failure['code'], message: string, issues?: Failure['issues']): Result<never> => ({
  ok: false,
  failure: { code, message, ...(issues && { issues }) },
});

/** Refuses who asks too often, and says when it is worth another try. */
export const failForNow = (message: string, retryAfterS: number): Result<never> => ({
  ok: false,
  failure: { code: 'too_many_requests', message, retryAfterS },
});
