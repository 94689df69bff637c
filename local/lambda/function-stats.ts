/** What one function did since the runtime started; times in milliseconds, the last 2,000 of each. */
export type FunctionStats = {
  readonly functionName: string;
  readonly invocations: number;
  readonly errors: number;
  readonly timeouts: number;
  readonly coldStarts: number;
  readonly workers: number;
  /** Bytes of the bundle that is loaded. */
  readonly bundleBytes: number;
  readonly initMs: readonly number[];
  readonly durationMs: readonly number[];
};

const kept = 2_000;

export const createCounters = () => {
  const counters = { invocations: 0, errors: 0, timeouts: 0, coldStarts: 0 };
  const initMs: number[] = [];
  const durationMs: number[] = [];
  const keep = (list: number[], value: number) => {
    list.push(value);
    if (list.length > kept) list.splice(0, list.length - kept);
  };
  return {
    coldStart: (ms: number) => {
      counters.coldStarts += 1;
      keep(initMs, ms);
    },
    invocation: (ms: number, outcome: 'ok' | 'error' | 'timeout') => {
      counters.invocations += 1;
      if (outcome !== 'ok') counters.errors += 1;
      if (outcome === 'timeout') counters.timeouts += 1;
      keep(durationMs, ms);
    },
    read: () => ({ ...counters, initMs: [...initMs], durationMs: [...durationMs] }),
  };
};
