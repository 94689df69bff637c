import * as z from 'zod';
import { count, counts, entry } from './entry.ts';

export const loopBenches = [
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
      (await import('../loop.ts')).benchLoop(
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
    async (settings, watcher) => (await import('../lambdas.ts')).benchLambdas(settings, watcher),
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
    async (settings, watcher) => (await import('../memory.ts')).benchMemory(settings, watcher),
  ),
];
