import { commandsByDue, commandsByStatus } from '../../lambdas/control/control-keys.ts';
import { startTables } from '../support/tables.ts';
import { type Ran, runSchedule } from './schedule.ts';

/** Tables for schedules, each of which takes a site number of its own. */
const startStore = async () => {
  const tables = await startTables([
    {
      name: 'Control',
      indexes: [
        { name: commandsByStatus, pk: 'status_pk', sk: 'sk' },
        { name: commandsByDue, pk: 'due_pk', sk: 'due_sk' },
      ],
    },
    { name: 'Audit' },
  ]);
  const store = {
    db: tables.db,
    controlTable: tables.nameOf('Control'),
    auditTable: tables.nameOf('Audit'),
  };
  return { store, close: tables.close };
};

/** Tables are begun anew after so many schedules, as they live on one disk. */
const schedulesATable = 500;

/** Runs the schedules of the seeds from `firstSeed` on, and tells of each. */
export const runSchedules = async (
  count: number,
  firstSeed: number,
  watch: (ran: Ran) => void,
): Promise<void> => {
  for (let from = 0; from < count; from += schedulesATable) {
    const { store, close } = await startStore();
    try {
      for (let at = from; at < Math.min(count, from + schedulesATable); at++)
        watch(await runSchedule(store, (at % schedulesATable) + 1, firstSeed + at));
    } finally {
      await close();
    }
  }
};

export type Summary = {
  readonly schedules: number;
  readonly firstSeed: number;
  readonly commands: number;
  readonly batches: number;
  readonly crashes: number;
  readonly dropped: number;
  readonly duplicated: number;
  readonly ends: Readonly<Record<string, number>>;
  readonly violations: readonly { readonly seed: number; readonly what: string }[];
};

/** Adds up what schedules came to. */
export const summing = (firstSeed: number) => {
  const sums = { schedules: 0, commands: 0, batches: 0, crashes: 0, dropped: 0, duplicated: 0 };
  const ends: Record<string, number> = {};
  const violations: { readonly seed: number; readonly what: string }[] = [];
  return {
    add: (ran: Omit<Ran, 'weather'>) => {
      sums.schedules++;
      sums.commands += ran.commands;
      sums.batches += ran.batches;
      sums.crashes += ran.crashes;
      sums.dropped += ran.dropped;
      sums.duplicated += ran.duplicated;
      for (const end of ran.ends) ends[end] = (ends[end] ?? 0) + 1;
      for (const what of ran.violations) violations.push({ seed: ran.seed, what });
    },
    sum: (): Summary => ({ firstSeed, ...sums, ends, violations }),
  };
};
