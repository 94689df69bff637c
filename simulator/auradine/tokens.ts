import type { Random } from '../physics/random.ts';

const lifeMs = 30 * 60_000;
const most = 16;

/** The tokens that FluxOS has given out, each for half an hour. */
export class Tokens {
  readonly #random: Random;
  readonly #nowMs: () => number;
  #issued: { readonly token: string; readonly endsMs: number }[] = [];

  constructor(random: Random, nowMs: () => number) {
    this.#random = random;
    this.#nowMs = nowMs;
  }

  issue(): string {
    const token = Array.from({ length: 32 }, () => Math.floor(this.#random() * 16).toString(16)).join('');
    this.#issued = [...this.#issued, { token, endsMs: this.#nowMs() + lifeMs }].slice(-most);
    return token;
  }

  holds(token: unknown): boolean {
    return this.#issued.some((each) => each.token === token && each.endsMs > this.#nowMs());
  }

  end() {
    this.#issued = [];
  }
}
