import { expect, test } from 'vitest';
import * as z from 'zod';
import { benchEnvelopes } from './envelopes.ts';

test('a gateway obeys no envelope that is altered, replayed, late, out of order or somebody else’s', async () => {
  const { figures } = await benchEnvelopes({ count: 900, seed: 7 }, { say: () => {}, progress: () => {} });
  const { kinds } = z
    .object({
      kinds: z.array(z.object({ kind: z.string(), tried: z.int(), obeyed: z.int(), wrongCode: z.int() })),
    })
    .parse(figures);
  expect(kinds).toHaveLength(9);
  for (const { kind, tried, obeyed, wrongCode } of kinds)
    expect({ kind, tried, obeyed, wrongCode }).toEqual({ kind, tried: 100, obeyed: 0, wrongCode: 0 });
});
