import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { inTurn } from './build-turn.ts';

const aLock = () => {
  const directory = mkdtempSync(join(tmpdir(), 'turn-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return join(directory, 'below', 'build.lock');
};

it('lets one work at a time, also after one that failed', async () => {
  const lock = aLock();
  let working = 0;
  let most = 0;
  const work = (fails: boolean) => async () => {
    most = Math.max(most, ++working);
    await turn();
    working--;
    if (fails) throw new Error('failed');
  };
  const results = await Promise.allSettled([false, true, false].map((fails) => inTurn(lock, work(fails))));
  expect(results.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'fulfilled', 'rejected']);
  expect(most).toBe(1);
  expect(existsSync(lock)).toBe(false);
});

it('takes over from a process that is gone', async () => {
  const lock = aLock();
  await inTurn(lock, async () => {});
  writeFileSync(lock, '999999999');
  let done = false;
  await inTurn(lock, async () => {
    done = true;
  });
  expect(done).toBe(true);
});
