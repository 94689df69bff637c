import type { MinerReading } from '../../contracts/reading.ts';
import { type TelemetryColumns, toColumns } from '../../contracts/telemetry-columns.ts';
import { parseStats } from '../../edge-greengrass/adapters/antminer/parse-stats.ts';
import { parsePools } from '../../edge-greengrass/adapters/parse-pools.ts';
import { present } from '../../edge-greengrass/adapters/values.ts';
import { parseDevs, parseSummary } from '../../edge-greengrass/adapters/whatsminer/parse-answers.ts';
import { poolsReport, statsReport } from '../../simulator/antminer/rpc-reports.ts';
import { between, randomFrom, seedOf } from '../../simulator/physics/random.ts';
import { firmwareView } from '../../simulator/site/firmware-view.ts';
import { identitiesOf, usualMix } from '../../simulator/site/inventory.ts';
import { SimClock } from '../../simulator/site/sim-clock.ts';
import { SimulatedMiner } from '../../simulator/site/simulated-miner.ts';
import { ZoneAir } from '../../simulator/site/zone-air.ts';
import { firmwareOf } from '../../simulator/whatsminer/firmware.ts';
import { readAnswer } from '../../simulator/whatsminer/reads.ts';

const pools = ['pool', 'pool2', 'pool3'].map((name) => ({
  url: `stratum+tcp://${name}.example.com:3333`,
  user: 'hashinsight.bench',
  password: 'x',
}));
const startMs = Date.UTC(2026, 0, 15, 6);
const rowsOf = (answer: ReturnType<typeof readAnswer>) => (answer?.kind === 'section' ? answer.rows : []);

/** What the gateway makes of a simulated miner's answers, without the sockets between them. */
const readingOf = (miner: SimulatedMiner, sampledAtMs: number): MinerReading => {
  const view = firmwareView(miner);
  const state = view.hashrateThs > 0 ? 'hashing' : 'booting';
  const head = { minerId: miner.identity.minerId, sampledAtMs, state, mode: 'normal' } as const;
  if (miner.identity.vendor === 'antminer') {
    const stats = parseStats({ STATS: statsReport(miner, view).rows });
    const pools = parsePools({ POOLS: poolsReport(view).rows });
    return { ...head, values: { ...stats.values, ...pools.values } };
  }
  const firmware = firmwareOf(miner.identity.model);
  const rows = (command: string) => rowsOf(readAnswer(command, miner, view, firmware, sampledAtMs));
  const summary = parseSummary({ SUMMARY: rows('summary') });
  return {
    ...head,
    errorCodes: [],
    values: {
      ...parseDevs({ DEVS: rows('devs') }),
      ...parsePools({ POOLS: rows('pools') }).values,
      ...present({ powerLimitW: summary.values.powerLimitW }),
      ...summary.values,
    },
  };
};

export type SweepOptions = {
  readonly miners: number;
  readonly sweeps: number;
  readonly intervalS: number;
  readonly seed: number;
};

/**
 * Readings of a simulated site, sweep by sweep, as a gateway reports them: one in a hundred miners restarts during the time, one in two
 * hundred falls silent for a few sweeps. Equal seeds give equal rows.
 */
export const simulatedSweeps = ({ miners, sweeps, intervalS, seed }: SweepOptions): TelemetryColumns[] => {
  let wallMs = 0;
  const clock = new SimClock(1, () => wallMs);
  const airs = new Map<string, ZoneAir>();
  const zones = Math.max(1, Math.round(miners / 50));
  const all = identitiesOf({ miners, zones, seed, mix: usualMix }).map((identity) => {
    const air = airs.get(identity.zoneId) ?? new ZoneAir(identity.zoneId, seed);
    airs.set(identity.zoneId, air);
    return new SimulatedMiner(identity, { seed, clock, air, pools });
  });
  const random = randomFrom(seedOf(seed, 'sweeps'));
  const silentUntil = new Map<SimulatedMiner, number>();
  return Array.from({ length: sweeps }, (_, sweep) => {
    const readings = all.map((miner, place): MinerReading => {
      const sampledAtMs =
        startMs + Math.round(sweep * intervalS * 1000 + place * 12 + between(random, 0, 150));
      wallMs = sweep * intervalS * 1000 + place * 12;
      if (random() < 0.005 / sweeps) silentUntil.set(miner, sweep + 5);
      if (random() < 0.01 / sweeps) miner.reboot();
      if ((silentUntil.get(miner) ?? 0) > sweep || !miner.answers)
        return { minerId: miner.identity.minerId, sampledAtMs, state: 'unreachable', values: {} };
      return readingOf(miner, sampledAtMs);
    });
    return toColumns(readings);
  });
};
