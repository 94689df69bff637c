import type { IncomingHttpHeaders } from 'node:http';

/** A token lives on for so long after its last use (github.com/braiins/bos-plus-api, README). */
export const tokenTimeoutS = 3600;

/** Tokens of Braiins OS: given for the login, sent back bare in the Authorization header, by older versions in a cookie. */
export class BraiinsTokens {
  readonly #usedAtMs = new Map<string, number>();
  readonly #random: () => number;
  readonly #nowMs: () => number;

  constructor(options: { random: () => number; nowMs: () => number }) {
    this.#random = options.random;
    this.#nowMs = options.nowMs;
  }

  issue(): string {
    const token = Array.from({ length: 16 }, () =>
      Math.floor(this.#random() * 36)
        .toString(36)
        .toUpperCase(),
    ).join('');
    this.#usedAtMs.set(token, this.#nowMs());
    return token;
  }

  accepts(headers: IncomingHttpHeaders): boolean {
    return this.knows(headers.authorization?.replace(/^Bearer /i, ''));
  }

  /** Whether it was issued and used since; this is a use. */
  knows(token: string | undefined): boolean {
    const usedAtMs = token === undefined ? undefined : this.#usedAtMs.get(token);
    if (token === undefined || usedAtMs === undefined) return false;
    if (this.#nowMs() - usedAtMs > tokenTimeoutS * 1000) {
      this.#usedAtMs.delete(token);
      return false;
    }
    this.#usedAtMs.set(token, this.#nowMs());
    return true;
  }
}
