import * as z from 'zod';
import type { ConfiguredMiner } from '../config.ts';
import type { Login } from '../discovery/found-machine.ts';
import { factoryLogin } from '../discovery/identify-machine.ts';
import type { DiskVault } from '../sealing/disk-vault.ts';
import type { StateFile } from '../state/state-file.ts';

const login = z.strictObject({ username: z.string(), password: z.string() });
const both = z.strictObject({ from: login, to: login });

/** `prepared`: one of the two holds. `settled`: the new one does, and goes into the inventory. */
export type PasswordChange = {
  readonly minerId: string;
  readonly phase: 'prepared' | 'settled';
  readonly from: Login;
  readonly to: Login;
  /** When it was prepared, right before the write. */
  readonly atMs: number;
};

/** Changes of passwords that are under way: both passwords of each, sealed, on the disk before the miner hears of the new one. */
export class PasswordChanges {
  readonly #state: StateFile;
  readonly #vault: DiskVault;

  constructor(state: StateFile, vault: DiskVault) {
    this.#state = state;
    this.#vault = vault;
  }

  prepare(minerId: string, from: Login, to: Login, atMs: number) {
    this.#state
      .sql("INSERT INTO password_change (miner_id, phase, sealed, at_ms) VALUES (?, 'prepared', ?, ?)")
      .run(minerId, this.#vault.seal(JSON.stringify({ from, to })), atMs);
  }

  settle(minerId: string) {
    this.#state.sql("UPDATE password_change SET phase = 'settled' WHERE miner_id = ?").run(minerId);
  }

  drop(minerIds: readonly string[]) {
    this.#state.transact(() => {
      for (const minerId of minerIds)
        this.#state.sql('DELETE FROM password_change WHERE miner_id = ?').run(minerId);
    });
  }

  /** Throws SealingError where a change cannot be opened: nothing may be decided without it. */
  all(): PasswordChange[] {
    const rows = this.#state.sql('SELECT * FROM password_change ORDER BY miner_id').all();
    return rows.flatMap(({ miner_id: minerId, phase, sealed, at_ms: atMs }) =>
      typeof minerId === 'string' &&
      (phase === 'prepared' || phase === 'settled') &&
      typeof sealed === 'string' &&
      typeof atMs === 'number'
        ? [{ minerId, phase, atMs, ...both.parse(JSON.parse(this.#vault.open(sealed))) }]
        : [],
    );
  }
}

/** The inventory with the passwords that hold. */
export const withSettled = (
  miners: readonly ConfiguredMiner[],
  changes: readonly PasswordChange[],
): ConfiguredMiner[] => {
  const settled = new Map(
    changes.filter(({ phase }) => phase === 'settled').map(({ minerId, to }) => [minerId, to]),
  );
  return miners.map((miner) => {
    const to = settled.get(miner.minerId);
    if (!to) return miner;
    const isUsualName = to.username === factoryLogin(miner.vendor).username;
    return { ...miner, password: to.password, ...(!isUsualName && { username: to.username }) };
  });
};
