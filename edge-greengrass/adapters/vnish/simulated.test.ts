import { afterAll, beforeAll, expect, it } from 'vitest';
import type { FaultInput } from '../../../simulator/faults.ts';
import { type SimulatedSite, startSite } from '../../../simulator/site/simulated-site.ts';
import { adapterAt } from '../../test-kit/adapter-at.ts';

const model = 'Antminer S19 (VNish)';
let site: SimulatedSite;
beforeAll(async () => {
  site = await startSite({ miners: 1, seed: 5, speed: 60, mix: { [model]: 1 } });
});
afterAll(() => site.close());

const entry = () => {
  const [found] = site.inventory();
  if (!found) throw new Error('no miner');
  return found;
};
const chipsOf = ({ board1Chips, board2Chips, board3Chips }: Readonly<Record<string, number>>) => [
  board1Chips,
  board2Chips,
  board3Chips,
];

it('counts the chips at work, and says what the simulated miner has', async () => {
  const adapter = adapterAt(entry());
  const { minerId } = entry();
  const read = async () => (await adapter.read('full')).reading;
  const says = async (fault: FaultInput, code: string) => {
    site.inject(minerId, fault);
    await expect.poll(async () => (await read()).errorCodes, { timeout: 20_000 }).toContain(code);
  };
  const { values, errorCodes } = await read();
  // 76 chips a board (simulator/physics).
  expect(chipsOf(values)).toEqual([76, 76, 76]);
  expect(errorCodes).toEqual([]);
  expect(values.fanDutyPct).toBeCloseTo(site.physical(minerId).fanDutyPct, -1);
  expect(values.voltageV).toBeGreaterThan(11);

  await says({ kind: 'dead_fan', fan: 2 }, 'fan#2:lost');
  site.clear(minerId);
  await says({ kind: 'dead_board', board: 3 }, 'chain#3:failure');
  const lost = (await read()).values;
  expect([lost.board1Chips, lost.board2Chips]).toEqual([76, 76]);
  expect(lost.board3Chips).toBe(0);
}, 60_000);
