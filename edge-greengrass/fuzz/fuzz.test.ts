import { beforeAll, describe, expect, it } from 'vitest';
import { vendors } from '../../contracts/capabilities/firmware-table.ts';
import { parseLooseJson } from '../io/loose-json.ts';
import { MinerFault } from '../io/miner-fault.ts';
import { randomFrom } from '../test-kit/random.ts';
import { fuzzAdapters, fuzzOnce } from './fuzz-adapters.ts';
import { mutate } from './mutate.ts';
import { type RecordedMiner, recordAnswers } from './recorded-answers.ts';

const seed = 5;
let miners: readonly [RecordedMiner, ...RecordedMiner[]];
beforeAll(async () => {
  const [first, ...others] = await recordAnswers();
  if (!first) throw new Error('no miner was recorded');
  miners = [first, ...others];
}, 180_000);

describe('damaged answers', () => {
  it('come of every family, from all that it was asked', () => {
    expect(new Set(miners.map(({ vendor }) => vendor))).toEqual(new Set(vendors));
    for (const { model, answers, befores } of miners) {
      const count = answers.rpc.size + answers.frame.size + answers.web.size;
      expect(count, model).toBeGreaterThan(2);
      expect(befores.size, model).toBeGreaterThan(0);
    }
  });

  it('make no adapter throw, ask without end, take long or tell what the contract refuses', async () => {
    const { tallies, failures } = await fuzzAdapters({ miners, seed, count: 6_000 });
    expect(failures).toEqual([]);
    for (const { model, understood, iterations } of tallies) {
      // What is always refused tries nothing.
      expect(understood / iterations, model).toBeGreaterThan(0.4);
      expect(understood, model).toBeLessThan(iterations);
    }
  }, 240_000);

  it('are the same again by seed and iteration', async () => {
    const of = (iteration: number) => fuzzOnce(miners, seed, iteration);
    for (const iteration of [3, 77, 1_234]) {
      const [once, again] = [await of(iteration), await of(iteration)];
      expect([again.asks, again.understood]).toEqual([once.asks, once.understood]);
    }
    const text = JSON.stringify({ STATS: [{ rate: 1.5, name: 'x' }] });
    expect(mutate(text, randomFrom(9))).toBe(mutate(text, randomFrom(9)));
  });

  it('are told from sound ones by what they do to the reader', () => {
    const text = JSON.stringify({ STATUS: [{ STATUS: 'S' }], STATS: [{ 'GHS 5s': 95_000.1, fan1: 4_200 }] });
    const random = randomFrom(seed);
    const count = { same: 0, other: 0, refused: 0 };
    for (let at = 0; at < 500; at++) {
      try {
        const same = JSON.stringify(parseLooseJson(mutate(text, random))) === text;
        count[same ? 'same' : 'other']++;
      } catch (error) {
        expect(error).toBeInstanceOf(MinerFault);
        count.refused++;
      }
    }
    expect(count.other).toBeGreaterThan(200);
    expect(count.refused).toBeGreaterThan(20);
  });
});
