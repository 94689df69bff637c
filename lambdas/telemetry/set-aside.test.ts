import { S3Client } from '@aws-sdk/client-s3';
import { describe, expect, it } from 'vitest';
import { type QuarantineEntry, setAside } from './set-aside.ts';

describe('setting aside', () => {
  it('names the same batch the same, and keeps the bytes before it says so', async () => {
    const stored: string[] = [];
    const entries: QuarantineEntry[] = [];
    const s3 = new S3Client({ region: 'us-east-1', credentials: { accessKeyId: 'a', secretAccessKey: 'b' } });
    s3.middlewareStack.add(
      () =>
        async ({ input }) => {
          stored.push('Key' in input ? String(input.Key) : '');
          return { output: { $metadata: {} }, response: {} };
        },
      { step: 'initialize', priority: 'high' },
    );
    const keep = setAside({
      s3,
      bucket: 'quarantine',
      insert: async (entry) => {
        expect(stored).toContain(entry.objectKey);
        entries.push(entry);
        return { ok: true, events: [] };
      },
    });
    const arrival = {
      siteId: 1,
      gatewayId: 'gw-1',
      receivedAtMs: Date.parse('2026-11-21T12:00:00.000Z'),
      bytes: new Uint8Array([1, 2, 3]),
    };
    await keep(arrival, 'acme', 'BAD_MAGIC', 'x'.repeat(500));
    await keep(arrival, 'acme', 'BAD_MAGIC', 'x');
    await keep({ ...arrival, bytes: new Uint8Array([4]) }, undefined, 'TRUNCATED', 'y');
    expect(new Set(entries.map(({ quarantineId }) => quarantineId)).size).toBe(2);
    expect(entries[0]).toMatchObject({
      bytes: 3,
      objectKey: expect.stringMatching(/^telemetry\/1\/gw-1\/2026-11-21\/q-[0-9a-f]{24}\.bin$/),
    });
    expect(entries[0]?.detail).toHaveLength(300);
  });
});
