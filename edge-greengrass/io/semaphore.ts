import { MinerFault } from './miner-fault.ts';

/** Bounds how many sockets are open at once. Waiters are served in order; an aborted waiter leaves the queue. */
export class Semaphore {
  #free: number;
  readonly #waiting: { readonly grant: () => void }[] = [];

  constructor(slots: number) {
    this.#free = slots;
  }

  async run<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    await this.#acquire(signal);
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next) next.grant();
      else this.#free++;
    }
  }

  #acquire(signal?: AbortSignal): Promise<void> {
    if (signal?.aborted)
      return Promise.reject(new MinerFault('aborted', 'stopped before the miner was asked'));
    if (this.#free > 0) {
      this.#free--;
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      const abort = () => {
        this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
        reject(new MinerFault('aborted', 'stopped before the miner was asked'));
      };
      const waiter = {
        grant: () => {
          signal?.removeEventListener('abort', abort);
          resolve();
        },
      };
      signal?.addEventListener('abort', abort, { once: true });
      this.#waiting.push(waiter);
    });
  }
}
