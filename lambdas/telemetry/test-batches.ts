import type { MinerReading, MinerState } from '../../contracts/reading.ts';
import { encodeBatch } from '../../contracts/telemetry-batch.ts';
import type { MinerFacts } from '../alerting/miner-facts.ts';

/** For tests: a healthy S19 of zone A and what its registry entry says. */
export const s19: MinerFacts = {
  vendor: 'antminer',
  model: 'Antminer S19',
  zoneId: 'A',
  ratedHashrateThs: 95,
  ratedPowerW: 3250,
};

export const healthy = (
  minerId: string,
  sampledAtMs: number,
  values: MinerReading['values'] = {},
  state: MinerState = 'hashing',
): MinerReading => ({
  minerId,
  sampledAtMs,
  state,
  values: {
    hashrateThs: 95,
    expectedHashrateThs: 95,
    powerW: 3250,
    chipTempC: 72,
    fan1Rpm: 5000,
    fan2Rpm: 5050,
    fan3Rpm: 4980,
    fan4Rpm: 5020,
    board1HashrateThs: 31.7,
    board2HashrateThs: 31.6,
    board3HashrateThs: 31.7,
    board1Chips: 76,
    board2Chips: 76,
    board3Chips: 76,
    uptimeS: 500_000,
    acceptedShares: 1_000,
    ...values,
  },
});

export const minerIds = (count: number) =>
  Array.from({ length: count }, (_, index) => `m-${String(index).padStart(3, '0')}`);

export const batchBytes = (
  readings: readonly MinerReading[],
  sequence: number,
  place = { siteId: 1, gatewayId: 'gw-1', shard: 0 },
) =>
  encodeBatch({
    ...place,
    sequence,
    createdAtMs: Math.max(...readings.map(({ sampledAtMs }) => sampledAtMs)),
    readings,
  });
