import type { Pool } from '../site/settings.ts';

export type Group = { readonly id: number; readonly name: string; readonly quota: number };
type Entry = Pool & { readonly group: number };

/** Pools and their groups. A pool's number is its place in the order of adding; mining goes by priority. */
export class LuxosPools {
  #groups: readonly Group[] = [{ id: 0, name: 'default', quota: 1 }];
  #entries: readonly Entry[];
  /** Numbers of the pools, the first in use first. */
  #priority: readonly number[];

  constructor(pools: readonly Pool[]) {
    this.#entries = pools.map((pool) => ({ ...pool, group: 0 }));
    this.#priority = pools.map((_, at) => at);
  }

  get groups() {
    return this.#groups;
  }

  get entries() {
    return this.#entries;
  }

  /** The place of a pool in the order of use. */
  priorityOf(number: number) {
    return this.#priority.indexOf(number);
  }

  /** What the miner is to mine with, the first first. */
  get inUse(): readonly Pool[] {
    return this.#priority.flatMap((number) => {
      const entry = this.#entries[number];
      return entry ? [{ url: entry.url, user: entry.user, password: entry.password }] : [];
    });
  }

  add(pool: Pool, group: number): boolean {
    if (!this.#groups.some(({ id }) => id === group)) return false;
    this.#priority = [...this.#priority, this.#entries.length];
    this.#entries = [...this.#entries, { ...pool, group }];
    return true;
  }

  /** Later pools move up one number. */
  remove(number: number) {
    this.#entries = this.#entries.filter((_, at) => at !== number);
    this.#priority = this.#priority
      .filter((other) => other !== number)
      .map((other) => (other > number ? other - 1 : other));
  }

  switchTo(number: number) {
    this.#priority = [number, ...this.#priority.filter((other) => other !== number)];
  }

  addGroup(name: string, quota: number): Group {
    const id = this.#groups.reduce((next, group) => Math.max(next, group.id + 1), 0);
    const group = { id, name, quota };
    this.#groups = [...this.#groups, group];
    return group;
  }

  /** Removes a group with its pools; false where there is none such. */
  removeGroup(id: number): boolean {
    if (!this.#groups.some((group) => group.id === id)) return false;
    for (let number = this.#entries.length - 1; number >= 0; number--)
      if (this.#entries[number]?.group === id) this.remove(number);
    this.#groups = this.#groups.filter((group) => group.id !== id);
    return true;
  }
}
