import { expect, it, onTestFinished } from 'vitest';
import { vaultOf } from '../sealing/disk-vault.ts';
import { StateFile } from '../state/state-file.ts';
import { adopt } from './adopt.ts';
import { compareInventory } from './compare-inventory.ts';
import type { FoundMachine } from './found-machine.ts';
import { KnownMachines, knownOf } from './known-machines.ts';

/** An Avalon says `024849000006` of itself, which its adapter once passed on, and now gives colons. */
it('keeps a machine’s id that was remembered, or configured, by a MAC address without colons', () => {
  const state = new StateFile(':memory:');
  onTestFinished(() => state.close());
  const machines = new KnownMachines(state, vaultOf(new Uint8Array(32)));
  machines.remember('m-1', { host: '10.0.0.1', family: 'avalon', macAddress: '024849000006' }, 1);
  expect(machines.of('m-1')?.macAddress).toBe('02:48:49:00:00:06');

  const inventory = [
    { minerId: 'm-1', vendor: 'avalon' as const, host: '10.0.0.1', shedOrder: 100 },
    { minerId: 'm-2', vendor: 'avalon' as const, host: '10.0.0.2', shedOrder: 100, mac: '02484900000a' },
  ];
  const seen = (host: string, macAddress: string): FoundMachine => ({
    host,
    family: 'avalon',
    stock: true,
    model: 'Avalon Q',
    macAddress,
  });
  const found = [seen('10.0.0.7', '02:48:49:00:00:06'), seen('10.0.0.1', '02:48:49:00:00:0A')];
  const report = compareInventory(knownOf(inventory, machines.all()), found, () => true);
  const { miners, changes } = adopt(inventory, report, { idPattern: 'm-{n}' });
  expect(changes.map(({ kind, minerId }) => [kind, minerId])).toEqual([
    ['moved', 'm-2'],
    ['moved', 'm-1'],
  ]);
  expect(miners.map(({ minerId, host, mac }) => [minerId, host, mac])).toEqual([
    ['m-1', '10.0.0.7', '02:48:49:00:00:06'],
    ['m-2', '10.0.0.1', '02:48:49:00:00:0A'],
  ]);
});
