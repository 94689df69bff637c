/** Maps wall time to simulated seconds; the pace may change while it runs. */
export class SimClock {
  readonly #wallMs: () => number;
  #speed: number;
  #anchorWallMs: number;
  #anchorS = 0;

  constructor(speed: number, wallMs: () => number = () => performance.now()) {
    this.#wallMs = wallMs;
    this.#speed = speed;
    this.#anchorWallMs = wallMs();
  }

  get speed() {
    return this.#speed;
  }

  /** Simulated seconds since the site was started. */
  nowS(): number {
    return this.#anchorS + ((this.#wallMs() - this.#anchorWallMs) / 1000) * this.#speed;
  }

  setSpeed(speed: number) {
    this.#anchorS = this.nowS();
    this.#anchorWallMs = this.#wallMs();
    this.#speed = speed;
  }
}
