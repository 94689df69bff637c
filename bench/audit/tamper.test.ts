import { expect, test } from 'vitest';
import { tamper } from './tamper.ts';

test('no bit, entry or order of an exported log changes unseen', async () => {
  const { figures } = await tamper(3, { say: () => {}, progress: () => {} });
  expect(figures).toHaveLength(6);
  for (const { what, tried, unseen } of figures) {
    expect({ what, unseen }).toEqual({ what, unseen: 0 });
    expect(tried).toBeGreaterThan(0);
  }
}, 30_000);
