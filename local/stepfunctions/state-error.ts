/** What a state fails with: `error` is what Retry and Catch match, `cause` is for people. */
export type Failure = { readonly error: string; readonly cause: string };

/** Ends a state; Retry and Catch may handle it. */
export class StateError extends Error {
  readonly failure: Failure;
  constructor(error: string, cause: string) {
    super(`${error}: ${cause}`);
    this.name = 'StateError';
    this.failure = { error, cause };
  }
}

/**
 * Whether an error name is among those of a retrier or catcher (Amazon States Language, "Errors"). States.Runtime and
 * States.DataLimitExceeded always end the execution; States.TaskFailed stands for every error but a timeout; a missed
 * heartbeat is also a timeout.
 */
export const matchesError = (names: readonly string[], error: string): boolean => {
  if (error === 'States.Runtime') return false;
  if (names.includes(error)) return true;
  if (error === 'States.DataLimitExceeded') return false;
  if (names.includes('States.ALL')) return true;
  const timedOut = error === 'States.Timeout' || error === 'States.HeartbeatTimeout';
  return names.includes(timedOut ? 'States.Timeout' : 'States.TaskFailed');
};
