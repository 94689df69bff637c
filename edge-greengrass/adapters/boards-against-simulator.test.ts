import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ModelName } from '../../simulator/physics/models.ts';
import { type ManualSite, startManualSite } from '../../simulator/test-support.ts';
import { adapterAt } from '../test-kit/adapter-at.ts';

/** Boards and the chips on each, by the makers' nameplates; whether its firmware measures chips. */
const rows: readonly (readonly [ModelName, number, number, 'measured' | 'not measured'])[] = [
  ['Antminer S21', 3, 108, 'measured'],
  ['Avalon A1346', 3, 120, 'measured'],
  ['Avalon A1566', 3, 160, 'measured'],
  ['Avalon Q', 1, 160, 'measured'],
  ['Bitaxe Gamma', 1, 1, 'measured'],
  ['Bitaxe Supra', 1, 1, 'measured'],
  ['NerdQAxe++', 1, 4, 'measured'],
  ['Antminer S19k Pro (LuxOS)', 3, 77, 'not measured'],
  ['Antminer S19 XP (ePIC)', 3, 110, 'not measured'],
];
const places = [1, 2, 3] as const;

let site: ManualSite;
beforeAll(async () => {
  const mix = Object.fromEntries(rows.map(([model]) => [model, 1]));
  site = await startManualSite({ mix, miners: rows.length });
});
afterAll(() => site.close());

describe('a full read tells each board', () => {
  it.each(rows)('of a %s: %i of %i chips, temperatures %s', async (model, boards, chips, temperatures) => {
    const entry = site.one(model);
    const { reading, fault } = await adapterAt(entry).read('full');
    const { values } = reading;
    const physical = site.physical(entry.minerId);
    expect(fault).toBeUndefined();
    for (const place of places) {
      const board = place <= boards ? physical.boards[place - 1] : undefined;
      expect(values[`board${place}Chips`]).toBe(board && chips);
      const rate = values[`board${place}HashrateThs`];
      if (board) expect((rate ?? 0) / board.hashrateThs, `board ${place}`).toBeCloseTo(1, 1);
      else expect(rate).toBeUndefined();
      const chipC = values[`board${place}ChipTempC`];
      if (board && temperatures === 'measured')
        expect(Math.abs((chipC ?? 0) - board.chipTempC), `board ${place}`).toBeLessThan(2);
      else expect(chipC).toBeUndefined();
    }
  });
});
