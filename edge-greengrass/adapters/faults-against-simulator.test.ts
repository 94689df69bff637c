import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FaultInput } from '../../simulator/faults.ts';
import { type SimulatedSite, startSite } from '../../simulator/site/simulated-site.ts';
import { adapterAt } from '../test-kit/adapter-at.ts';

/** Chips of a board by the nameplate; what it says of a dead fan and a dead board, and counts on that. */
const rows = [
  ['Auradine AT1500', { chips: 132, deadFan: 'LED9', deadBoard: 'LED10', chipsOfDead: undefined }],
  [
    'Antminer S19 (VNish)',
    { chips: 76, deadFan: 'fan#2:lost', deadBoard: 'chain#3:failure', chipsOfDead: 0 },
  ],
] as const;

let site: SimulatedSite;
beforeAll(async () => {
  const mix = Object.fromEntries(rows.map(([model]) => [model, 1]));
  site = await startSite({ miners: rows.length, seed: 5, speed: 60, mix });
});
afterAll(() => site.close());

describe('a full read counts the chips at work and names the fault', () => {
  it.each(rows)('of a %s', { timeout: 60_000 }, async (model, { chips, deadFan, deadBoard, chipsOfDead }) => {
    const entry = site.inventory().find((one) => one.model === model);
    if (!entry) throw new Error(`no ${model}`);
    const { minerId } = entry;
    const adapter = adapterAt(entry);
    const read = async () => (await adapter.read('full')).reading;
    const says = async (fault: FaultInput, code: string) => {
      site.inject(minerId, fault);
      await expect.poll(async () => (await read()).errorCodes, { timeout: 20_000 }).toContain(code);
    };
    const { values, errorCodes } = await read();
    expect([values.board1Chips, values.board2Chips, values.board3Chips]).toEqual([chips, chips, chips]);
    expect(errorCodes).toEqual([]);
    expect(values.fanDutyPct).toBeCloseTo(site.physical(minerId).fanDutyPct, -1);
    expect(values.voltageV).toBeGreaterThan(11);

    await says({ kind: 'dead_fan', fan: 2 }, deadFan);
    site.clear(minerId);
    await says({ kind: 'dead_board', board: 3 }, deadBoard);
    const lost = (await read()).values;
    expect([lost.board1Chips, lost.board2Chips, lost.board3Chips]).toEqual([chips, chips, chipsOfDead]);
  });
});
