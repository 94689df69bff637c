/** Sessions last so long after their last use (docs.luxor.tech/firmware/api/sessions). */
const lifetimeMs = 60_000;
const letters = 'ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789';

/** The one session that LuxOS gives out at a time to whoever wants to write. */
export class LuxosSession {
  readonly #random: () => number;
  readonly #nowMs: () => number;
  #id: string | undefined;
  #usedAtMs = 0;

  constructor(options: { random: () => number; nowMs: () => number }) {
    this.#random = options.random;
    this.#nowMs = options.nowMs;
  }

  /** The id of the session that is open now, or an empty text. */
  get current(): string {
    if (this.#id !== undefined && this.#nowMs() - this.#usedAtMs >= lifetimeMs) this.#id = undefined;
    return this.#id ?? '';
  }

  /** Opens a session, or gives undefined while another is open. */
  open(): string | undefined {
    if (this.current !== '') return undefined;
    this.#id = Array.from({ length: 8 }, () =>
      letters.charAt(Math.floor(this.#random() * letters.length)),
    ).join('');
    this.#usedAtMs = this.#nowMs();
    return this.#id;
  }

  /** Whether the id is that of the open session, which then lives on. */
  use(id: string): boolean {
    if (id === '' || id !== this.current) return false;
    this.#usedAtMs = this.#nowMs();
    return true;
  }

  drop() {
    this.#id = undefined;
  }
}
