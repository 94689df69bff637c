import { count, counts, entry, seed } from './entry.ts';

export const telemetryBenches = [
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
    async (settings, watcher) => (await import('../codec.ts')).benchCodec(settings, watcher),
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
    async (settings, watcher) => (await import('../pipeline.ts')).benchPipeline(settings, watcher),
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
      (await import('../influx.ts')).benchInflux({ ...settings, dayMiners: settings['day-miners'] }, watcher),
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
    async (settings, watcher) => (await import('../query.ts')).benchQuery(settings, watcher),
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
    async (settings, watcher) => (await import('../outage.ts')).benchOutage(settings, watcher),
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
    async (settings, watcher) => (await import('../tier-roll-up.ts')).benchRollUp(settings, watcher),
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
    async (settings, watcher) => (await import('../tier-schedules.ts')).benchSchedules(settings, watcher),
  ),
];
