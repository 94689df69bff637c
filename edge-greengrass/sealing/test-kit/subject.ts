import type { KeyWrapper } from '../key-wrapper.ts';

/** A key service under the conformance suite, and what its administrator may do to it. */
export type Subject = {
  /** The wrapper as its configuration stands now: after `rotate` it knows the new version and the older ones. */
  readonly wrapper: () => KeyWrapper;
  /** The same service with another key, which this wrapper's values were never wrapped under. */
  readonly other: () => KeyWrapper;
  readonly rotate: () => Promise<void>;
  /** Disables every version that has wrapped until now. */
  readonly disable: () => Promise<void>;
  /** A wrapper whose next request the service refuses for its rate; undefined where there is no service that could. */
  readonly throttled?: () => Promise<KeyWrapper>;
  /** A wrapper that cannot reach the service, or undefined where there is nothing to reach. */
  readonly unreachable?: () => KeyWrapper;
  /** A wrapper whose caller the service does not know, or undefined where it knows no callers. */
  readonly stranger?: () => KeyWrapper;
  /** What must stand in no error: key material, PINs, tokens. */
  readonly secrets: () => readonly string[];
  /** Every how many bytes of a wrapped key one is altered: 1 where a request is cheap. */
  readonly tamperEvery: number;
  readonly close: () => Promise<void>;
};
