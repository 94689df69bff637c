import type { TelemetryBatch } from '../../contracts/telemetry-batch.ts';

/** The worked example of docs/telemetry-format.md. */
export const exampleBatch: TelemetryBatch = {
  siteId: 7,
  gatewayId: 'gw-1',
  shard: 0,
  sequence: 2,
  previousSequence: 1,
  createdAtMs: 1_780_000_060_500,
  readings: (
    [
      ['m-001', 0, 3250, 95.1234],
      ['m-001', 60_007, 3252, 95.2],
      ['m-002', 14, 3350, 110],
      ['m-002', 60_021, 3347, undefined],
    ] as const
  ).map(([minerId, afterMs, powerW, hashrateThs]) => ({
    minerId,
    sampledAtMs: 1_780_000_000_000 + afterMs,
    state: 'hashing',
    values: { powerW, ...(hashrateThs !== undefined && { hashrateThs }) },
  })),
};
