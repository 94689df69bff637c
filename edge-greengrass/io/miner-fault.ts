export const faultKinds = [
  'unreachable',
  'timeout',
  'too_large',
  'unparseable',
  'denied',
  'aborted',
] as const;
export type FaultKind = (typeof faultKinds)[number];

/**
 * A miner could not be asked, or not be understood. The message says what went wrong without the miner's address,
 * credentials or answer, so that it may stand in a log or a response.
 */
export class MinerFault extends Error {
  readonly kind: FaultKind;
  constructor(kind: FaultKind, message: string) {
    super(message);
    this.name = 'MinerFault';
    this.kind = kind;
  }
}

export const asMinerFault = (error: unknown) =>
  error instanceof MinerFault ? error : new MinerFault('unparseable', 'the answer could not be understood');
