import { expect, it } from 'vitest';
import { BytesGone } from './block-store.ts';
import { doRounds } from './rounds.ts';

const clockOf = (times: number[]) => ({ nowMs: () => times.shift() ?? Number.POSITIVE_INFINITY });
const rounds = (answers: readonly (boolean | Error)[]) => {
  let at = 0;
  const round = async () => {
    const answer = answers[at++];
    if (answer instanceof Error) throw answer;
    return { isMore: answer ?? false };
  };
  return { round, done: () => at };
};

it('goes on until nothing is left, or until its time is over', async () => {
  const all = rounds([true, true, false, true]);
  expect(await doRounds(all.round, clockOf([0, 1, 2, 3]), 60)).toBe(false);
  expect(all.done()).toBe(3);
  const some = rounds([true, true, true]);
  expect(await doRounds(some.round, clockOf([0, 1, 61]), 60)).toBe(true);
  expect(some.done()).toBe(2);
});

it('begins a round anew whose block another roll-up has replaced, and tells of any other fault', async () => {
  const overtaken = rounds([new BytesGone('raw/a'), true, new BytesGone('raw/b'), false]);
  expect(await doRounds(overtaken.round, clockOf([0, 1, 2, 3]), 60)).toBe(false);
  expect(overtaken.done()).toBe(4);
  const broken = rounds([new Error('no table')]);
  await expect(doRounds(broken.round, clockOf([0]), 60)).rejects.toThrow('no table');
  const gone = rounds(Array.from({ length: 20 }, () => new BytesGone('raw/c')));
  await expect(doRounds(gone.round, clockOf([0]), 60)).rejects.toThrow('raw/c');
});
