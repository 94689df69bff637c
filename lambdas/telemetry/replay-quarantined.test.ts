import { expect, it } from 'vitest';
import type { Ingested } from './ingest-batch.ts';
import type { KeptEntry, ReplayOutcome } from './quarantine-repository.ts';
import { replayQuarantined } from './replay-quarantined.ts';

const entry: KeptEntry = {
  sk: '00000000001000#q-1',
  quarantine_id: 'q-1',
  gateway_id: 'gw-1',
  fault: 'UNKNOWN_GATEWAY',
  detail: 'the site has no such gateway',
  bytes: 3,
  received_at_ms: 1_000,
  object_key: 'telemetry/7/q-1.bin',
};
const taken: Ingested = {
  outcome: 'stored',
  readings: 3,
  droppedValues: 0,
  droppedReadings: 0,
  lateReadings: 0,
  unknownMiners: 0,
  anomalies: 0,
  lagMs: 0,
  spool: undefined,
};

const replay = async (ingested: Ingested, kept: KeptEntry | undefined, bytes: Uint8Array | undefined) => {
  const noted: ReplayOutcome[] = [];
  const arrivals: unknown[] = [];
  const result = await replayQuarantined({
    find: async (siteId, id) => (siteId === 7 && id === 'q-1' ? kept : undefined),
    readBytes: async (key) => (key === entry.object_key ? bytes : undefined),
    ingest: async (arrival) => {
      arrivals.push(arrival);
      return ingested;
    },
    note: async (_, outcome) => noted.push(outcome),
  })(7, 'q-1', 1, 5_000);
  return { result, noted, arrivals };
};
const bytes = Uint8Array.of(1, 2, 3);

it('takes in what is usable now, as if it had just come, and notes it', async () => {
  const { result, noted, arrivals } = await replay(taken, entry, bytes);
  expect(arrivals).toEqual([{ siteId: 7, gatewayId: 'gw-1', receivedAtMs: 5_000, bytes }]);
  expect(noted).toEqual([{ replay: 'replayed', replayed_at_ms: 5_000 }]);
  expect(result).toEqual({ ok: true, value: noted[0] });
});

it('says what is still wrong', async () => {
  const { result, noted } = await replay({ outcome: 'set_aside', fault: 'CRC', detail: 'no' }, entry, bytes);
  expect(noted).toEqual([{ replay: 'refused', replayed_at_ms: 5_000, replay_detail: 'CRC: no' }]);
  expect(result.ok).toBe(true);
});

it('finds nothing that is not kept', async () => {
  for (const [kept, content] of [
    [undefined, bytes],
    [entry, undefined],
  ] as const) {
    const { result, noted, arrivals } = await replay(taken, kept, content);
    expect(result).toMatchObject({ failure: { code: 'not_found' } });
    expect([noted, arrivals]).toEqual([[], []]);
  }
});
