import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type CommandEnvelope, commandEnvelope } from './command.ts';
import { envelopesIn, packEnvelopes, packResponses, responsesIn } from './command-messages.ts';

const envelope = (sequence: number, pools: number): CommandEnvelope =>
  commandEnvelope.parse({
    version: 1,
    commandId: `cmd-${sequence}`,
    siteId: 1,
    gatewayId: 'gw1',
    minerId: 'm-1',
    order: {
      type: 'POOL_SET',
      params: {
        pools: Array.from({ length: pools }, () => ({
          url: `stratum+tcp://${'p'.repeat(150)}.example.com:3333`,
          user: 'u'.repeat(100),
        })),
      },
    },
    priority: 5,
    issuedAtMs: 1,
    expiresAtMs: 2,
    dedupeKey: `cmd-${sequence}`,
    nonce: 'a'.repeat(22),
    sequence,
    keyId: 'k-1',
    approvers: ['user:5'],
    signature: Buffer.alloc(32).toString('base64'),
  });
const parsed = (payload: Uint8Array): unknown => JSON.parse(Buffer.from(payload).toString('utf8'));

test('envelopes come out as they went in, in their order, in messages that the broker takes', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 300 }), (sizes) => {
      const envelopes = sizes.map((pools, at) => envelope(at + 1, pools));
      const messages = packEnvelopes(envelopes);
      for (const message of messages) expect(message.length).toBeLessThanOrEqual(128 * 1024);
      expect(messages.length).toBeLessThanOrEqual(Math.ceil(sizes.length / 50));
      expect(messages.flatMap(envelopesIn).map(parsed)).toEqual(envelopes);
    }),
    { numRuns: 30 },
  );
});

test('one envelope alone goes as it is', () => {
  const one = envelope(1, 1);
  expect(packEnvelopes([one]).map(parsed)).toEqual([one]);
  expect(packEnvelopes([])).toEqual([]);
});

test('what is no bundle reaches the gate as it is', () => {
  for (const text of [
    'garbage',
    '{}',
    '{"version":1,"envelopes":[]}',
    '{"version":2,"envelopes":[{}]}',
    '[]',
  ]) {
    const payload = Buffer.from(text);
    expect(envelopesIn(payload)).toEqual([payload]);
  }
});

test('answers are joined in their order, as many as fit, and counted', () => {
  const answer = (at: number) => ({
    version: 1 as const,
    commandId: `cmd-${at}`,
    siteId: 1,
    gatewayId: 'gw1',
    atMs: at,
    outcome: 'failed' as const,
    detail: 'd'.repeat(300),
  });
  const answers = Array.from({ length: 700 }, (_, at) => answer(at));
  const messages = packResponses(answers.map((one) => Buffer.from(JSON.stringify(one))));
  for (const { payload } of messages) expect(payload.length).toBeLessThanOrEqual(128 * 1024);
  expect(messages.length).toBeGreaterThan(1);
  expect(messages.flatMap(({ payload }) => responsesIn(parsed(payload)))).toEqual(answers);
  expect(messages.map(({ payload, count }) => responsesIn(parsed(payload)).length - count)).toEqual(
    messages.map(() => 0),
  );
  expect(packResponses([Buffer.from('{"one":1}')]).map(({ payload }) => parsed(payload))).toEqual([
    { one: 1 },
  ]);
});
