import * as z from 'zod';
import type { Findings, Watcher } from './bench.ts';

type Shape = Readonly<Record<string, z.ZodType>>;
type Option = { readonly flag: string; readonly about: string };

/** One bench: what it is called, which page shows its figures, what it may be told, and how it is run. */
export type Entry = {
  readonly name: string;
  readonly page: 'loop.md' | 'telemetry.md' | 'control.md' | 'edge.md';
  readonly about: string;
  readonly options: readonly Option[];
  /** Throws ZodError on options that are none. */
  readonly run: (given: unknown, watcher: Watcher) => Promise<Findings>;
};

const count = (fallback: number, max: number) => z.coerce.number().int().min(1).max(max).default(fallback);
const counts = (fallback: string) =>
  z
    .string()
    .regex(/^\d+(,\d+)*$/, 'numbers separated by commas')
    .default(fallback)
    .transform((list) => list.split(',').map(Number));

const batches = z
  .string()
  .default('waves,at-once')
  .transform((list) => list.split(','))
  .pipe(z.array(z.enum(['waves', 'at-once'])).min(1));

const entry = <S extends Shape>(
  { shape, ...rest }: Omit<Entry, 'run'> & { readonly shape: S },
  run: (settings: z.output<z.ZodObject<S>>, watcher: Watcher) => Promise<Findings>,
): Entry => ({
  ...rest,
  run: async (given, watcher) => run(z.strictObject(shape).parse(given), watcher),
});

const loopBenches = [
  entry(
    {
      name: 'loop',
      page: 'loop.md',
      about: 'latency of every step over many closed loops',
      options: [
        { flag: 'loops N', about: 'closed loops (default 100)' },
        {
          flag: 'miners N',
          about: 'simulated miners (default 200; about two thirds can be broken, each once)',
        },
        { flag: 'at-once N', about: 'loops at a time (default 2)' },
        {
          flag: 'warm-up N',
          about: 'loops before, which pay for cold starts and are shown apart (default 4)',
        },
        { flag: 'seed N', about: 'which miners break (default 1)' },
      ],
      shape: {
        loops: count(100, 5_000),
        miners: count(200, 10_000),
        'at-once': count(2, 50),
        'warm-up': z.coerce.number().int().min(0).max(100).default(4),
        seed: count(1, 2 ** 31),
      },
    },
    async (settings, watcher) =>
      (await import('./loop.ts')).benchLoop(
        { ...settings, atOnce: settings['at-once'], warmUp: settings['warm-up'] },
        watcher,
      ),
  ),
  entry(
    {
      name: 'lambdas',
      page: 'loop.md',
      about: 'bundle size and cold start of every function',
      options: [
        { flag: 'runs N', about: 'starts of each function (default 20)' },
        { flag: 'only TEXT', about: 'functions whose name contains it' },
      ],
      shape: { runs: count(20, 1_000), only: z.string().default('') },
    },
    async (settings, watcher) => (await import('./lambdas.ts')).benchLambdas(settings, watcher),
  ),
  entry(
    {
      name: 'memory',
      page: 'loop.md',
      about: 'memory of the whole local system by number of miners',
      options: [
        { flag: 'miners LIST', about: 'sizes of the site (default 200,2000)' },
        { flag: 'seconds N', about: 'of steady telemetry before measuring (default 60)' },
      ],
      shape: { miners: counts('200,2000'), seconds: count(60, 3_600), seed: count(1, 2 ** 31) },
    },
    async (settings, watcher) => (await import('./memory.ts')).benchMemory(settings, watcher),
  ),
];

const seed = count(1, 2 ** 31);
const telemetryBenches = [
  entry(
    {
      name: 'telemetry codec',
      page: 'telemetry.md',
      about: 'bytes of a reading at rest and on the wire, beside other encodings and the entropy bound',
      options: [
        { flag: 'miners N', about: 'simulated miners of the shard (default 1000)' },
        { flag: 'seed N', about: 'of the simulation (default 1)' },
      ],
      shape: { miners: count(1_000, 10_000), seed },
    },
    async (settings, watcher) => (await import('./codec.ts')).benchCodec(settings, watcher),
  ),
  entry(
    {
      name: 'telemetry pipeline',
      page: 'telemetry.md',
      about: 'decode, validate, detect and encode batches on one thread, by size of the fleet',
      options: [
        { flag: 'miners LIST', about: 'sizes (default 1000,10000,100000)' },
        { flag: 'shard N', about: 'miners a batch (default 1000)' },
        { flag: 'samples N', about: 'timed at each size at the least (default 400000)' },
        { flag: 'seed N', about: 'of the readings (default 1)' },
      ],
      shape: {
        miners: counts('1000,10000,100000'),
        shard: count(1_000, 10_000),
        samples: count(400_000, 100_000_000),
        seed,
      },
    },
    async (settings, watcher) => (await import('./pipeline.ts')).benchPipeline(settings, watcher),
  ),
  entry(
    {
      name: 'telemetry influx',
      page: 'telemetry.md',
      about: "beside Debian's influxdb, where it is installed: samples/s, bytes, two queries",
      options: [
        { flag: 'miners N', about: 'miners for the newest minutes (default 10000)' },
        { flag: 'minutes N', about: 'of them (default 10)' },
        { flag: 'day-miners N', about: 'miners with 24 hours (default 250)' },
        { flag: 'queries N', about: 'of each kind (default 200)' },
        { flag: 'seed N', about: 'of the readings (default 1)' },
      ],
      shape: {
        miners: count(10_000, 100_000),
        minutes: count(10, 1_440),
        'day-miners': count(250, 10_000),
        queries: count(200, 10_000),
        seed,
      },
    },
    async (settings, watcher) =>
      (await import('./influx.ts')).benchInflux({ ...settings, dayMiners: settings['day-miners'] }, watcher),
  ),
  entry(
    {
      name: 'telemetry query',
      page: 'telemetry.md',
      about: "one miner's day and ninety days, the live page of a large site, through the local runtime",
      options: [
        { flag: 'miners N', about: 'miners of the site (default 10000)' },
        { flag: 'patterns N', about: 'of them with readings of their own, which others repeat (default 48)' },
        { flag: 'days N', about: 'of history (default 90)' },
        { flag: 'queries N', about: 'of each kind (default 200)' },
        { flag: 'restarts N', about: 'starts anew, for first answers (default 5)' },
        { flag: 'seed N', about: 'of the readings (default 1)' },
      ],
      shape: {
        miners: count(10_000, 100_000),
        patterns: count(48, 1_000),
        days: count(90, 90),
        queries: count(200, 10_000),
        restarts: count(5, 100),
        seed,
      },
    },
    async (settings, watcher) => (await import('./query.ts')).benchQuery(settings, watcher),
  ),
  entry(
    {
      name: 'telemetry outage',
      page: 'telemetry.md',
      about: 'a gateway without its line: spool, drain, what was lost or doubled',
      options: [
        { flag: 'miners N', about: 'miners of the gateway (default 5000)' },
        { flag: 'hours N', about: 'without the line (default 72)' },
        { flag: 'seed N', about: 'of the readings (default 1)' },
      ],
      shape: { miners: count(5_000, 10_000), hours: count(72, 240), seed },
    },
    async (settings, watcher) => (await import('./outage.ts')).benchOutage(settings, watcher),
  ),
  entry(
    {
      name: 'telemetry roll-up',
      page: 'telemetry.md',
      about: 'processor time of the roll-ups of a shard, bytes of raw rows and history',
      options: [
        { flag: 'miners N', about: 'miners of the shard (default 1000)' },
        { flag: 'hours N', about: 'of one sample a minute (default 3)' },
        { flag: 'seed N', about: 'of the readings (default 1)' },
      ],
      shape: { miners: count(1_000, 10_000), hours: count(3, 240), seed },
    },
    async (settings, watcher) => (await import('./tier-roll-up.ts')).benchRollUp(settings, watcher),
  ),
  entry(
    {
      name: 'telemetry schedules',
      page: 'telemetry.md',
      about: 'the same tiers, byte for byte, whatever the order in which batches come',
      options: [
        { flag: 'count N', about: 'generated schedules (default 100)' },
        { flag: 'seed N', about: 'of the schedules (default 1)' },
      ],
      shape: { count: count(100, 1_000_000), seed },
    },
    async (settings, watcher) => (await import('./tier-schedules.ts')).benchSchedules(settings, watcher),
  ),
];

const controlBenches = [
  entry(
    {
      name: 'control commands',
      page: 'control.md',
      about: 'approval to acknowledgement, one by one and as a batch over the site; cost of a command',
      options: [
        { flag: 'miners N', about: 'simulated miners (default 10000)' },
        { flag: 'singles N', about: 'commands of their own (default 200)' },
        { flag: 'at-once N', about: 'of them at a time (default 2)' },
        { flag: 'batches LIST', about: 'how each goes to all miners: waves, at-once (default both)' },
        { flag: 'seed N', about: 'of the miners (default 1)' },
      ],
      shape: {
        miners: count(10_000, 10_000),
        singles: count(200, 10_000),
        'at-once': count(2, 100),
        batches,
        seed,
      },
    },
    async (settings, watcher) =>
      (await import('./commands/commands.ts')).benchCommands(
        { ...settings, atOnce: settings['at-once'] },
        watcher,
      ),
  ),
  entry(
    {
      name: 'control audit',
      page: 'control.md',
      about: 'the audit log changed in every way, appended to by many at once, and proven',
      options: [
        { flag: 'entries N', about: 'entries whose every bit is flipped (default 1000)' },
        { flag: 'writers N', about: 'that append to one site at once (default 50)' },
        { flag: 'appends N', about: 'of each writer (default 20)' },
        { flag: 'leaves N', about: 'events of the log that proofs are made from (default 1000000)' },
        { flag: 'proofs N', about: 'of each kind (default 1000)' },
      ],
      shape: {
        entries: count(1_000, 10_000),
        writers: count(50, 200),
        appends: count(20, 1_000),
        leaves: count(1_000_000, 10_000_000),
        proofs: count(1_000, 100_000),
      },
    },
    async (settings, watcher) => (await import('./audit/audit.ts')).benchAudit(settings, watcher),
  ),
  entry(
    {
      name: 'control envelopes',
      page: 'control.md',
      about: 'altered, replayed, late, reordered and misdirected commands at a gateway',
      options: [
        { flag: 'count N', about: 'messages (default 100000)' },
        { flag: 'seed N', about: 'of what is changed in them (default 1)' },
      ],
      shape: { count: count(100_000, 10_000_000), seed },
    },
    async (settings, watcher) => (await import('./envelopes/envelopes.ts')).benchEnvelopes(settings, watcher),
  ),
];

const edgeBenches = [
  entry(
    {
      name: 'edge sweep',
      page: 'edge.md',
      about: 'a sweep of simulated miners: time, processor time, bytes and memory, beside dead addresses too',
      options: [
        { flag: 'miners LIST', about: 'sizes of the site (default 1000,5000,10000)' },
        { flag: 'sweeps N', about: 'measured sweeps of each kind (default 5)' },
        { flag: 'sockets N', about: 'open at once (default 256)' },
        { flag: 'seed N', about: 'of the simulation (default 1)' },
      ],
      shape: {
        miners: counts('1000,5000,10000'),
        sweeps: count(5, 1_000),
        sockets: count(256, 4_096),
        seed,
      },
    },
    async (settings, watcher) => (await import('./edge/sweep.ts')).benchSweep(settings, watcher),
  ),
  entry(
    {
      name: 'edge peers',
      page: 'edge.md',
      about:
        'the same sweeps by the gateway, by asic-rs and by pyasic: time, processor time, memory, what is right',
      options: [
        { flag: 'miners N', about: 'simulated miners at the vendors’ ports (default 900)' },
        { flag: 'sweeps N', about: 'measured sweeps of each client (default 5)' },
        { flag: 'at-once N', about: 'miners asked at a time (default 64)' },
        { flag: 'seed N', about: 'of the simulation (default 1)' },
      ],
      shape: { miners: count(900, 10_000), sweeps: count(5, 1_000), 'at-once': count(64, 4_096), seed },
    },
    async (settings, watcher) => (await import('./edge/peers.ts')).benchPeers(settings, watcher),
  ),
  entry(
    {
      name: 'edge scan',
      page: 'edge.md',
      about:
        'scans of a subnet with few and with all addresses live, beside asic-rs: time, processor time, sockets',
      options: [
        { flag: 'prefix N', about: 'of the subnet (default 20: 4,094 addresses)' },
        { flag: 'seed N', about: 'of the simulation (default 1)' },
      ],
      shape: { prefix: z.coerce.number().int().min(20).max(28).default(20), seed },
    },
    async (settings, watcher) => (await import('./edge/scan.ts')).benchScan(settings, watcher),
  ),
  entry(
    {
      name: 'edge latency',
      page: 'edge.md',
      about: 'from a miner’s answer to what the cloud keeps, and bytes on the uplink',
      options: [
        { flag: 'miners N', about: 'of the site (default 1000)' },
        { flag: 'minutes N', about: 'of steady telemetry at the usual interval (default 10)' },
        { flag: 'seed N', about: 'of the simulation (default 1)' },
      ],
      shape: { miners: count(1_000, 10_000), minutes: count(10, 1_440), seed },
    },
    async (settings, watcher) => (await import('./edge/latency.ts')).benchLatency(settings, watcher),
  ),
  entry(
    {
      name: 'edge soak',
      page: 'edge.md',
      about:
        'a gateway beside miners that fail and recover and a line that comes and goes: memory, sweeps, sockets',
      options: [
        { flag: 'miners N', about: 'of the site (default 2000)' },
        { flag: 'minutes N', about: 'of faults (default 60)' },
        { flag: 'interval N', about: 'seconds between two sweeps (default 10)' },
        { flag: 'seed N', about: 'of simulation and faults (default 1)' },
      ],
      shape: { miners: count(2_000, 10_000), minutes: count(60, 10_080), interval: count(10, 3_600), seed },
    },
    async ({ interval, ...settings }, watcher) =>
      (await import('./edge/soak.ts')).benchSoak({ ...settings, intervalMs: interval * 1_000 }, watcher),
  ),
];

/** Every bench; `telemetry` alone runs all whose names begin with it. */
export const catalogue: readonly Entry[] = [
  ...loopBenches,
  ...telemetryBenches,
  ...controlBenches,
  ...edgeBenches,
];
