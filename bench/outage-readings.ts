import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod';
import { type MinerReading, readingFieldNames, readingFields } from '../contracts/reading.ts';
import { startAgent } from '../edge-greengrass/agent.ts';
import type { EdgeBus } from '../edge-greengrass/bus/edge-bus.ts';
import { parseGatewayConfig } from '../edge-greengrass/config.ts';
import { logNothing } from '../edge-greengrass/log.ts';
import { randomFrom } from '../simulator/physics/random.ts';
import { startSite } from '../simulator/site/simulated-site.ts';

/** How a field of a recorded miner behaves from sweep to sweep. */
const fieldModel = z.object({
  field: z.enum(readingFieldNames),
  /** Decimals in which the miner's firmware tells it. */
  decimals: z.int(),
  mean: z.number(),
  deviation: z.number(),
  /** Of a counter, in a minute. */
  rise: z.number(),
});
const minerModel = z.array(fieldModel);
export const readingModel = z.array(minerModel).min(1);
export type ReadingModel = z.infer<typeof readingModel>;

const speed = 60;
const deafBus: EdgeBus = {
  subscribe: () => undefined,
  open: async () => undefined,
  isUp: () => false,
  onChange: () => () => undefined,
  publish: () => Promise.reject(new Error('the line is down')),
  close: async () => undefined,
};

/** Polls simulated miners through the gateway's own adapters, one sweep a simulated minute. */
const record = async (miners: number, sweeps: number, seed: number) => {
  const site = await startSite({ miners, seed, speed });
  const stateDir = mkdtempSync(join(tmpdir(), 'outage-model-'));
  const seen = new Map<string, MinerReading[]>();
  let done = () => {};
  const enough = new Promise<void>((resolve) => {
    done = resolve;
  });
  const config = parseGatewayConfig({
    siteId: 1,
    gatewayId: 'gw-model',
    pollIntervalMs: 60_000 / speed,
    hmacKeys: [{ keyId: 'k', secret: Buffer.alloc(32).toString('base64') }],
    miners: site
      .inventory()
      .map(({ minerId, vendor, model, host, rpcPort, httpPort, username, password }) => ({
        minerId,
        vendor,
        model,
        host,
        rpcPort,
        ...(httpPort !== undefined && { httpPort }),
        ...(username !== undefined && { username }),
        ...(password !== undefined && { password }),
      })),
  });
  const agent = await startAgent(config, deafBus, {
    stateDir,
    log: logNothing,
    onReadings: (_, readings) => {
      for (const reading of readings)
        if (reading.state === 'hashing')
          seen.set(reading.minerId, [...(seen.get(reading.minerId) ?? []), reading]);
    },
    onSweep: () => {
      if ([...seen.values()].filter((rows) => rows.length >= sweeps).length >= miners / 2) done();
    },
  });
  await enough;
  await agent.stop();
  await site.close();
  rmSync(stateDir, { recursive: true, force: true });
  return [...seen.values()].filter((rows) => rows.length >= 2);
};

const decimalsOf = (value: number) => {
  for (let decimals = 0; decimals < 6; decimals++)
    if (Math.abs(value * 10 ** decimals - Math.round(value * 10 ** decimals)) < 1e-6) return decimals;
  return 6;
};

/** What the readings of a few simulated miners are like, to be continued for many miners and days. */
export const modelReadings = async (seed: number, miners = 60, sweeps = 8): Promise<ReadingModel> => {
  const recorded = await record(miners, sweeps, seed);
  return recorded.map((rows) =>
    readingFieldNames.flatMap((field) => {
      const values = rows.flatMap(({ values: all }) => all[field] ?? []);
      const [first = 0] = values;
      if (values.length === 0) return [];
      const last = values.at(-1) ?? first;
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      const square = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
      return [
        {
          field,
          decimals: Math.min(readingFields[field].decimals, Math.max(...values.map(decimalsOf))),
          mean: readingFields[field].kind === 'counter' ? first : mean,
          deviation: Math.sqrt(square),
          rise: Math.max(0, (last - first) / (values.length - 1)),
        },
      ];
    }),
  );
};

const idOf = (miner: number) => `m-${String(miner).padStart(5, '0')}`;
export const minerOf = (minerId: string) => Number(minerId.slice(2));
/** When a miner is sampled in the sweep of a minute: sweeps take some seconds. */
export const sampleMs = (startMs: number, miner: number, minute: number) =>
  startMs + minute * 60_000 + ((miner * 7_919) % 9_000);

/**
 * Readings of any miner at any minute: the mean of a recorded miner, shifted a little per miner, with noise of the recorded
 * size in the recorded decimals; counters rise at the recorded rate. Every fiftieth miner is away for ten minutes of every 500.
 */
export const readingsOf = (model: ReadingModel, startMs: number, seed: number) => {
  const random = randomFrom(seed);
  const normals = Float64Array.from(
    { length: 65_536 },
    () => Array.from({ length: 6 }, random).reduce((sum, value) => sum + value, -3) * Math.SQRT2,
  );
  const plans = model.map((fields) => ({
    /** What never changed while it was recorded, and the shape of the rest. */
    template: Object.fromEntries(fields.map(({ field, mean }) => [field, mean])),
    moving: fields
      .filter(({ field, deviation }) => deviation > 0 || readingFields[field].kind === 'counter')
      .map((one) => ({
        ...one,
        scale: 10 ** one.decimals,
        isCounter: readingFields[one.field].kind === 'counter',
      })),
  }));
  return (miner: number, minute: number): MinerReading => {
    const minerId = idOf(miner);
    const sampledAtMs = sampleMs(startMs, miner, minute);
    if (miner % 50 === 7 && (minute + miner) % 500 < 10)
      return { minerId, sampledAtMs, state: 'unreachable', values: {} };
    const { template, moving } = plans[miner % plans.length] ?? { template: {}, moving: [] };
    const values: MinerReading['values'] = { ...template };
    const shift = 1 + ((miner * 2_654_435_761) % 1_000) / 50_000;
    let draw = Math.imul(miner + 1, 0x9e3779b1) ^ Math.imul(minute + 1, 0x85ebca6b);
    for (const { field, scale, isCounter, mean, deviation, rise } of moving) {
      draw = Math.imul(draw ^ (draw >>> 15), 0x2c1b3c6d) + 0x6d2b79f5;
      const noise = normals[(draw >>> 8) & 65_535] ?? 0;
      if (isCounter) {
        const from = mean * shift + minute * rise * shift;
        const odd = field === 'uptimeS' ? 0 : noise * Math.sqrt(rise) * 0.5;
        values[field] = Math.max(0, Math.round(from + odd));
      } else values[field] = Math.round((mean * shift + noise * deviation) * scale) / scale;
    }
    return { minerId, sampledAtMs, state: 'hashing', values };
  };
};
