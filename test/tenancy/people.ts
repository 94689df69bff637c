import type { Owner } from './canaries.ts';

/** Who tries to see or change what is not theirs. */
export type Attacker = {
  readonly name: string;
  /** How it shows who it is. */
  readonly headers: Readonly<Record<string, string>>;
  /** Whose things it may see, so that all others are foreign to it. */
  readonly sees: readonly Owner[];
  /** The site where its own requests go. */
  readonly siteId: number;
};
/** Attackers that go at the same time, and whose things must be untouched after. */
export type Phase = {
  readonly name: string;
  readonly attackers: readonly Attacker[];
  readonly untouched: readonly Owner[];
};
