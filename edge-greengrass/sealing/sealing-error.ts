/**
 * Why a key service or a seal refused. `not_authentic`: altered, or sealed under another key or context. `unknown_key` and
 * `key_disabled`: the key that wrapped it is not there, or may not be used now. `rate_limited` and `unavailable` pass.
 */
export const sealingFaults = [
  'not_authentic',
  'unknown_key',
  'key_disabled',
  'denied',
  'rate_limited',
  'unavailable',
] as const;
export type SealingFault = (typeof sealingFaults)[number];

const words: Readonly<Record<SealingFault, string>> = {
  not_authentic: 'the sealed value is altered, or was sealed under another key or context',
  unknown_key: 'the wrapping key is not known here',
  key_disabled: 'the wrapping key is disabled',
  denied: 'the key service denies the use of the key',
  rate_limited: 'the key service asks to come back later',
  unavailable: 'the key service does not answer as it should',
};

/** Thrown by key providers and seals. Its text is fixed: nothing of a key, a value or an answer is ever in it. */
export class SealingError extends Error {
  readonly fault: SealingFault;

  constructor(fault: SealingFault) {
    super(words[fault]);
    this.name = 'SealingError';
    this.fault = fault;
  }

  /** Whether the same request may succeed later. */
  get isPassing() {
    return this.fault === 'rate_limited' || this.fault === 'unavailable';
  }
}
