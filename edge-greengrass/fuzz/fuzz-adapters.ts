import { type MinerReading, minerReading } from '../../contracts/reading.ts';
import { encodeBatch } from '../../contracts/telemetry-batch.ts';
import { adapterFor } from '../adapters/adapter-for.ts';
import type { MinerAdapter } from '../adapters/miner-adapter.ts';
import { MinerFault } from '../io/miner-fault.ts';
import { randomFrom } from '../test-kit/random.ts';
import { cpuMs, damagedIo, mostAsks } from './damaged-io.ts';
import { oneOf, type Random } from './mutate.ts';
import { orders, type RecordedMiner } from './recorded-answers.ts';

const operations = [
  'identify',
  'core',
  'full',
  'snapshot',
  'readBack',
  'readRestored',
  'execute',
  'restore',
] as const;
export type Operation = (typeof operations)[number];

export type Failure = {
  /** With the seed it brings the same about again. */
  readonly iteration: number;
  readonly model: string;
  readonly operation: Operation;
  readonly what: string;
  /** What the miner answered, the newest last. */
  readonly answers: readonly string[];
};
export type ModelTally = {
  readonly model: string;
  readonly vendor: string;
  iterations: number;
  answers: number;
  understood: number;
  refused: number;
  failures: number;
  worstMs: number;
};

/** An answer of half a megabyte may take this long, on a slow gateway; more is a pattern that runs wild. */
const mostMs = 250;
const startMs = 1_780_000_000_000;

const whyRefused = (minerId: string, reading: MinerReading, random: Random): string | undefined => {
  const parsed = minerReading.safeParse(reading);
  if (!parsed.success) return `a reading that is none: ${parsed.error.message}`;
  if (reading.minerId !== minerId) return 'a reading of another miner';
  if (random() > 1 / 16) return undefined;
  try {
    const header = { siteId: 1, gatewayId: 'g-1', shard: 0, sequence: 1, createdAtMs: startMs };
    encodeBatch({ ...header, readings: [reading] });
    return undefined;
  } catch (error) {
    return `a reading that cannot be sent: ${String(error)}`;
  }
};

const carryOut = async (
  adapter: MinerAdapter,
  miner: RecordedMiner,
  operation: Operation,
  random: Random,
): Promise<{ readonly reading?: MinerReading | undefined }> => {
  if (operation === 'identify') {
    const identity = await adapter.identify();
    const texts = [identity.model, identity.firmware, identity.apiVersion];
    if (
      identity.vendor !== miner.vendor ||
      texts.some((text) => typeof text !== 'string' || text === '' || text.length > 80)
    )
      throw new Error(`an identity that is none: ${JSON.stringify(identity).slice(0, 300)}`);
    return {};
  }
  if (operation === 'core' || operation === 'full') return adapter.read(operation);
  const order = oneOf(orders, random);
  const before = miner.befores.get(order.type);
  if (operation === 'snapshot' || !before) return adapter.snapshot(order);
  const restoration = { order, before, earlierPools: [] };
  if (operation === 'readBack') return adapter.readBack(order, before, startMs - 60_000);
  if (operation === 'readRestored') return adapter.readRestored(restoration);
  const outcome =
    operation === 'execute'
      ? await adapter.execute(order, before)
      : await adapter.restore(restoration, before);
  if (!['done', 'refused', 'lost'].includes(outcome.kind)) throw new Error('an outcome that is none');
  return {};
};

const share: readonly [Operation, ...Operation[]] = [
  'identify',
  'identify',
  'core',
  'core',
  'core',
  'full',
  'full',
  'full',
  'full',
  'snapshot',
  'readBack',
  'readBack',
  'readRestored',
  'execute',
  'restore',
];

export type Done = {
  readonly miner: RecordedMiner;
  readonly asks: number;
  readonly understood: boolean;
  readonly ms: number;
  readonly failure: Failure | undefined;
};

/** One adapter, new, and up to three things that are asked of it. The same answers, seed and iteration give the same. */
export const fuzzOnce = async (
  miners: readonly [RecordedMiner, ...RecordedMiner[]],
  seed: number,
  iteration: number,
): Promise<Done> => {
  const miner = miners[iteration % miners.length] ?? miners[0];
  const random = randomFrom((Math.imul(seed, 0x9e3779b1) ^ Math.imul(iteration + 1, 0x85ebca6b)) >>> 0);
  const damaged = damagedIo(miner, random);
  const adapter = adapterFor(miner.vendor, miner.address, damaged.io, () => startMs);
  let understood = false;
  let failure: Failure | undefined;
  let asksBefore = 0;
  const begunMs = cpuMs();
  for (let left = 1 + Math.floor(random() * 3); left > 0 && !failure; left--) {
    const operation = oneOf(share, random);
    const failed = (what: string) => {
      failure = { iteration, model: miner.model, operation, what, answers: [...damaged.last] };
    };
    try {
      const { reading } = await carryOut(adapter, miner, operation, random);
      if (reading?.state !== 'unreachable') understood = true;
      const why = reading && whyRefused(miner.address.minerId, reading, random);
      if (why !== undefined) failed(why);
    } catch (error) {
      if (!(error instanceof MinerFault))
        failed(error instanceof Error ? (error.stack ?? error.message) : String(error));
      else if (operation === 'core' || operation === 'full') failed(`reading is refused: ${error.message}`);
    }
    if (damaged.asks() - asksBefore > mostAsks) failed(`asked ${damaged.asks() - asksBefore} times`);
    asksBefore = damaged.asks();
  }
  return {
    miner,
    asks: damaged.asks(),
    understood,
    ms: cpuMs() - begunMs - damaged.madeMs(),
    failure,
  };
};

/** What one iteration takes by itself, not because something else ran: asked again where it looks too long. */
const leastMs = async (...once: Parameters<typeof fuzzOnce>) => {
  let least = Number.POSITIVE_INFINITY;
  for (let again = 0; again < 10 && least > mostMs / 4; again++)
    least = Math.min(least, (await fuzzOnce(...once)).ms);
  return least;
};

export type FuzzRun = {
  readonly miners: readonly [RecordedMiner, ...RecordedMiner[]];
  readonly seed: number;
  readonly count: number;
  /** Called after every iteration, with how many there were. */
  readonly onDone?: (count: number) => Promise<void> | void;
  readonly signal?: AbortSignal;
};

/** Failures beyond these are counted alone. */
const mostKept = 50;

export const fuzzAdapters = async ({ miners, seed, count, onDone, signal }: FuzzRun) => {
  const tallies = new Map<string, ModelTally>();
  const failures: Failure[] = [];
  for (let iteration = 0; iteration < count && !signal?.aborted; iteration++) {
    const done = await fuzzOnce(miners, seed, iteration);
    const { model, vendor } = done.miner;
    const none = {
      model,
      vendor,
      iterations: 0,
      answers: 0,
      understood: 0,
      refused: 0,
      failures: 0,
      worstMs: 0,
    };
    const tally: ModelTally = tallies.get(model) ?? none;
    tallies.set(model, tally);
    const ms = done.ms > mostMs / 4 ? Math.min(done.ms, await leastMs(miners, seed, iteration)) : done.ms;
    const { failure: found } = done;
    const slow: Failure | undefined =
      ms > mostMs
        ? { iteration, model, operation: 'full', what: `took ${Math.round(ms)} ms`, answers: [] }
        : undefined;
    const failure = found ?? slow;
    tally.iterations++;
    tally.answers += done.asks;
    tally.worstMs = Math.max(tally.worstMs, ms);
    if (done.understood) tally.understood++;
    else tally.refused++;
    if (failure) {
      tally.failures++;
      if (failures.length < mostKept) failures.push(failure);
    }
    await onDone?.(iteration + 1);
  }
  return { tallies: [...tallies.values()], failures };
};
