import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  isCovered,
  noSequences,
  noteGone,
  noteSequence,
  receiptOf,
  type SequenceState,
} from './sequence-state.ts';

/** A shard's batches: sequences that ascend with holes (the other shards'), each linked to the one before. */
const chains = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 40 }).map((steps) => {
  let sequence = 1_000;
  return steps.map((step, index) => {
    const previous = index === 0 ? 0 : sequence;
    sequence += step;
    return { sequence, previous };
  });
});
type Chain = { sequence: number; previous: number }[];
const take = (batches: Chain, from: SequenceState = noSequences) =>
  batches.reduce((state, { sequence, previous }) => noteSequence(state, sequence, previous, 0), from);

describe('sequences of a shard', () => {
  it('knows exactly what is missing, in whatever order and how often batches come', () => {
    fc.assert(
      fc.property(
        chains.chain((chain) =>
          fc.tuple(
            fc.constant(chain),
            fc.shuffledSubarray(chain, { minLength: 1 }),
            fc.array(fc.constantFrom(...chain), { maxLength: 5 }),
          ),
        ),
        ([chain, come, again]) => {
          const known = new Set(come);
          const state = take([...come, ...again.filter((batch) => known.has(batch))]);
          const highest = Math.max(...come.map(({ sequence }) => sequence));
          expect(state.highest).toBe(highest);
          for (const batch of chain)
            expect([batch.sequence, isCovered(state, batch.sequence)]).toEqual([
              batch.sequence,
              // Nothing shows that batches before the first are missing where the first itself is.
              known.has(batch),
            ]);
          const { through, gaps } = receiptOf(state);
          const missing = chain.filter((batch) => !known.has(batch) && batch.sequence < highest);
          for (const { sequence } of missing)
            expect(gaps.some(({ after, before }) => sequence > after && sequence < before)).toBe(true);
          expect(missing.every(({ sequence }) => sequence > through)).toBe(true);
          expect(gaps.length === 0).toBe(missing.length === 0);
          for (const { after, before } of gaps) {
            expect(after === 0 || come.some(({ sequence }) => sequence === after)).toBe(true);
            expect(come.some(({ sequence }) => sequence === before)).toBe(true);
          }
        },
      ),
    );
  });

  it('takes a folded batch for all that it stands for', () => {
    const state = take([
      { sequence: 10, previous: 0 },
      { sequence: 90, previous: 80 },
      { sequence: 60, previous: 40 },
    ]);
    expect(receiptOf(state)).toEqual({
      through: 10,
      highest: 90,
      gaps: [
        { after: 10, before: 60 },
        { after: 60, before: 90 },
      ],
    });
    expect(receiptOf(take([{ sequence: 80, previous: 5 }], state))).toEqual({
      through: 90,
      highest: 90,
      gaps: [],
    });
  });

  it('lets a new chain follow the old one without a gap, and keeps the old one’s gaps', () => {
    const old = take([
      { sequence: 10, previous: 0 },
      { sequence: 30, previous: 20 },
    ]);
    const both = take(
      [
        { sequence: 1_020, previous: 1_010 },
        { sequence: 1_010, previous: 0 },
      ],
      old,
    );
    expect(receiptOf(both)).toEqual({ through: 10, highest: 1_020, gaps: [{ after: 10, before: 30 }] });
  });

  it('settles what is gone, in parts, and says what was lost', () => {
    const state = take([
      { sequence: 10, previous: 0 },
      { sequence: 90, previous: 80 },
    ]);
    const part = noteGone(state, { after: 10, before: 40 });
    expect(part.lost).toEqual([{ after: 10, before: 40 }]);
    expect(isCovered(part.state, 40)).toBe(false);
    const all = take([{ sequence: 40, previous: 30 }], part.state);
    expect(noteGone(all, { after: 40, before: 90 })).toMatchObject({
      state: { gaps: [] },
      lost: [{ after: 40, before: 90 }],
    });
    expect(noteGone(state, { after: 100, before: 200 }).lost).toEqual([]);
    expect(noteGone(part.state, { after: 10, before: 40 }).lost).toEqual([]);
  });

  it('keeps at most fifty gaps; the oldest ask for more than is missing rather than for less', () => {
    const odd = Array.from({ length: 70 }, (_, index) => ({
      sequence: 20 * index + 10,
      previous: 20 * index,
    }));
    const state = take(odd);
    expect(state.gaps).toHaveLength(50);
    for (let index = 1; index < 70; index++) expect(isCovered(state, 20 * index)).toBe(false);
    const even = Array.from({ length: 70 }, (_, index) => ({
      sequence: 20 * index,
      previous: Math.max(0, 20 * index - 10),
    }));
    // What was asked for too much is sent again; that ends.
    const again = [...even.slice(1), ...odd];
    expect(take([...again, ...again], state).gaps).toEqual([]);
  });
});
