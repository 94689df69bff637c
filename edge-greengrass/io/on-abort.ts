/** Of each signal, who wants to hear of its end: one listener for all, since adding one is dear and a sweep has thousands of asks. */
const waiting = new WeakMap<
  AbortSignal,
  { readonly calls: Set<() => void>; readonly listener: () => void }
>();

/** Calls once when the signal is aborted, unless told before that nobody wants to know any more. */
export const onAbort = (signal: AbortSignal | undefined, call: () => void): (() => void) => {
  if (!signal) return () => {};
  const known = waiting.get(signal);
  const calls = known?.calls ?? new Set();
  calls.add(call);
  if (!known) {
    const listener = () => {
      waiting.delete(signal);
      for (const one of calls) one();
    };
    waiting.set(signal, { calls, listener });
    signal.addEventListener('abort', listener, { once: true });
  }
  return () => {
    calls.delete(call);
    const now = waiting.get(signal);
    if (calls.size > 0 || now?.calls !== calls) return;
    waiting.delete(signal);
    signal.removeEventListener('abort', now.listener);
  };
};
