import type { MinerReading } from '../../contracts/reading.ts';
import type { RegisteredMiner } from '../fleet/fleet-directory.ts';
import type { DiagnosisInput } from './diagnosis-input.ts';

/** Readings for tests: an S19j Pro of 104 TH/s, 3,068 W, three boards of 114 chips, four fans, in a zone at 25 °C. */
export const startMs = Date.UTC(2026, 10, 21, 10);

export const s19 = (minerId: string): RegisteredMiner => ({
  minerId,
  vendor: 'antminer',
  model: 'Antminer S19j Pro',
  zoneId: 'zone-a',
  gatewayId: 'gw-1',
  ratedHashrateThs: 104,
  ratedPowerW: 3_068,
});

type Change = Partial<Omit<MinerReading, 'values'>> & {
  readonly values?: Partial<Record<keyof MinerReading['values'], number | undefined>>;
};

/** A healthy reading with some figures changed; a value of undefined takes a field away. `jitter` spreads the peers. */
export const reading = (minerId: string, change: Change = {}, jitter = 0): MinerReading => {
  const values: Record<string, number | undefined> = {
    hashrateThs: 104 + jitter,
    expectedHashrateThs: 104,
    powerW: 3_068 + jitter * 20,
    inletTempC: 25 + jitter / 4,
    chipTempC: 68 + jitter,
    fan1Rpm: 4_200 + jitter * 40,
    fan2Rpm: 4_260 + jitter * 40,
    fan3Rpm: 4_180 + jitter * 40,
    fan4Rpm: 4_220 + jitter * 40,
    fanDutyPct: 60,
    frequencyMhz: 545,
    voltageV: 13.6,
    board1HashrateThs: 34.7 + jitter / 3,
    board2HashrateThs: 34.6 + jitter / 3,
    board3HashrateThs: 34.7 + jitter / 3,
    board1Chips: 114,
    board2Chips: 114,
    board3Chips: 114,
    acceptedShares: 10_000,
    rejectedShares: 12,
    hardwareErrors: 40,
    uptimeS: 86_400,
    poolsAlive: 2,
    activePool: 0,
    ...change.values,
  };
  const known = Object.entries(values).filter(([, value]) => value !== undefined);
  return {
    minerId,
    sampledAtMs: startMs,
    state: 'hashing',
    ...('mode' in change ? {} : { mode: 'normal' as const }),
    ...Object.fromEntries(Object.entries(change).filter(([key]) => key !== 'values')),
    values: Object.fromEntries(known),
  };
};

export const gone = (minerId: string): MinerReading => ({
  minerId,
  sampledAtMs: startMs,
  state: 'unreachable',
  values: {},
});

/** Ten readings, ten seconds apart, the last five as changed; shares are found in all of them unless changed. */
export const history = (minerId: string, change: Change = {}): MinerReading[] =>
  Array.from({ length: 10 }, (_, index) => {
    const applied = index < 5 ? {} : change;
    const shares = { acceptedShares: 10_000 + index * 3, uptimeS: 86_400 + index * 10, ...applied.values };
    return reading(minerId, { ...applied, sampledAtMs: startMs + index * 10_000, values: shares });
  });

export const peers = (change: Change = {}, count = 8): MinerReading[] =>
  Array.from({ length: count }, (_, index) => reading(`peer-${index}`, change, ((index * 7) % 5) - 2));

export const diagnosisInput = (
  part: Partial<DiagnosisInput> & Pick<DiagnosisInput, 'kind'>,
): DiagnosisInput => ({
  miner: s19('m-1'),
  recent: history('m-1'),
  peers: peers(),
  zone: part.peers ?? peers(),
  alertingMiners: 1,
  recentCommands: [],
  ...part,
});
