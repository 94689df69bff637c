import * as z from 'zod';
import { count, entry, seed } from './entry.ts';

const batches = z
  .string()
  .default('waves,at-once')
  .transform((list) => list.split(','))
  .pipe(z.array(z.enum(['waves', 'at-once'])).min(1));

export const controlBenches = [
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
      (await import('../commands/commands.ts')).benchCommands(
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
    async (settings, watcher) => (await import('../audit/audit.ts')).benchAudit(settings, watcher),
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
    async (settings, watcher) =>
      (await import('../envelopes/envelopes.ts')).benchEnvelopes(settings, watcher),
  ),
];
