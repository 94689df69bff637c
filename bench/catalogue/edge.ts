import * as z from 'zod';
import { count, counts, entry, seed } from './entry.ts';

export const edgeBenches = [
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
    async (settings, watcher) => (await import('../edge/sweep.ts')).benchSweep(settings, watcher),
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
    async (settings, watcher) => (await import('../edge/peers.ts')).benchPeers(settings, watcher),
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
    async (settings, watcher) => (await import('../edge/scan.ts')).benchScan(settings, watcher),
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
    async (settings, watcher) => (await import('../edge/latency.ts')).benchLatency(settings, watcher),
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
      (await import('../edge/soak.ts')).benchSoak({ ...settings, intervalMs: interval * 1_000 }, watcher),
  ),
];
