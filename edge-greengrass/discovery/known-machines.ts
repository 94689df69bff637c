import * as z from 'zod';
import type { ConfiguredMiner } from '../config.ts';
import type { DiskVault } from '../sealing/disk-vault.ts';
import type { StateFile } from '../state/state-file.ts';
import type { KnownMachine } from './found-machine.ts';
import { macAddressOf } from './mac-address.ts';

const text = z.string().min(1).max(256);
const remembered = z.strictObject({
  host: text,
  family: text,
  model: text.optional(),
  firmware: text.optional(),
  /** With colons, however it was remembered: machines are known again by it. */
  macAddress: text.transform((mac) => macAddressOf(mac) ?? mac).optional(),
  serialNumber: text.optional(),
  hostname: text.optional(),
});
export type Remembered = z.infer<typeof remembered>;

/**
 * Who each miner was when it was seen last, so that it is known again at another address. Addresses and MACs are sealed in the gateway's state
 * file; they never leave the gateway. What is remembered outlives the miner's place in the inventory: a machine that comes back gets its id back.
 */
export class KnownMachines {
  readonly #state: StateFile;
  readonly #vault: DiskVault;

  constructor(state: StateFile, vault: DiskVault) {
    this.#state = state;
    this.#vault = vault;
  }

  remember(minerId: string, machine: Remembered, atMs: number) {
    const { host, family, model, firmware, macAddress, serialNumber, hostname } = machine;
    const sealed = this.#vault.seal(
      JSON.stringify({ host, family, model, firmware, macAddress, serialNumber, hostname }),
    );
    this.#state
      .sql(
        'INSERT INTO machine (miner_id, sealed, seen_ms) VALUES (?, ?, ?) ON CONFLICT (miner_id) DO UPDATE SET sealed = excluded.sealed, seen_ms = excluded.seen_ms',
      )
      .run(minerId, sealed, atMs);
  }

  of(minerId: string): Remembered | undefined {
    return this.#opened(
      this.#state.sql('SELECT sealed FROM machine WHERE miner_id = ?').get(minerId)?.sealed,
    );
  }

  /** Every miner that the gateway has ever had, by its id. */
  all(): ReadonlyMap<string, Remembered> {
    const rows = this.#state.sql('SELECT miner_id, sealed FROM machine ORDER BY miner_id').all();
    return new Map(
      rows.flatMap(({ miner_id: minerId, sealed }) => {
        const machine = this.#opened(sealed);
        return typeof minerId === 'string' && machine ? [[minerId, machine] as const] : [];
      }),
    );
  }

  /** What cannot be opened or read counts as never seen. */
  #opened(sealed: unknown): Remembered | undefined {
    if (typeof sealed !== 'string') return undefined;
    try {
      return remembered.parse(JSON.parse(this.#vault.open(sealed)));
    } catch {
      return undefined;
    }
  }
}

/** The inventory with what is remembered of it: its configuration says where a miner is, its last sighting who. */
export const knownOf = (
  miners: readonly ConfiguredMiner[],
  remembered: ReadonlyMap<string, Remembered>,
): KnownMachine[] =>
  miners.map(({ minerId, vendor, host, mac, model }) => {
    const seen = remembered.get(minerId);
    return {
      ...seen,
      minerId,
      host,
      family: seen?.family ?? vendor,
      model: seen?.model ?? model,
      macAddress: seen?.macAddress ?? macAddressOf(mac),
    };
  });

/** Machines that were taken out of the inventory, and are known again when they come back. */
export const retiredOf = (
  present: readonly KnownMachine[],
  remembered: ReadonlyMap<string, Remembered>,
): KnownMachine[] => {
  const ids = new Set(present.map(({ minerId }) => minerId));
  const marks = new Set(present.flatMap(({ macAddress, serialNumber }) => [macAddress, serialNumber]));
  return [...remembered].flatMap(([minerId, machine]) => {
    const { macAddress, serialNumber } = machine;
    const isMarked = (macAddress ?? serialNumber) !== undefined;
    const isHeld = [macAddress, serialNumber].some((mark) => mark !== undefined && marks.has(mark));
    return ids.has(minerId) || !isMarked || isHeld ? [] : [{ ...machine, minerId, host: nowhere }];
  });
};

/** Where a retired machine stands. */
export const nowhere = '';
