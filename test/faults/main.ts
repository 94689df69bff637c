import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import pc from 'picocolors';
import * as z from 'zod';
import { table } from '../../bench/table.ts';
import { watch } from '../../bench/watcher.ts';
import { runSchedules, summing } from './run.ts';
import { runInProcesses } from './run-all.ts';

const help = `Sends commands through generated faults and looks for what must never be: a command with two effects, an acknowledged one that is
lost, one that is stuck.

  npm run test:fault -- --count 10000 --seed 1

  --count N   schedules (default 10000)
  --seed N    of the first one; the next has the next (default 1). --count 1 --seed N repeats one of them
  --jobs N    processes that share them (default: the machine's cores)
  --json      the sums as JSON on standard output

Exit code 0 when nothing was found.
`;

const options = z.strictObject({
  count: z.coerce.number().int().min(1).max(10_000_000).default(10_000),
  seed: z.coerce
    .number()
    .int()
    .min(1)
    .max(2 ** 31)
    .default(1),
  jobs: z.coerce.number().int().min(1).max(64).default(availableParallelism()),
  json: z.boolean().default(false),
  /** One line of JSON for each schedule, for the process that began this one. */
  lines: z.boolean().default(false),
});

const run = async () => {
  const { values } = parseArgs({
    options: {
      count: { type: 'string' },
      seed: { type: 'string' },
      jobs: { type: 'string' },
      json: { type: 'boolean' },
      lines: { type: 'boolean' },
      help: { type: 'boolean' },
    },
  });
  const { help: wantsHelp, ...given } = values;
  if (wantsHelp) return void process.stdout.write(help);
  const { count, seed, jobs, json, lines } = options.parse(given);
  if (lines)
    return runSchedules(
      count,
      seed,
      ({ weather: _, ...ran }) => void process.stdout.write(`${JSON.stringify(ran)}\n`),
    );
  const watcher = watch();
  const { add, sum } = summing(seed);
  let done = 0;
  await runInProcesses(import.meta.filename, count, seed, Math.min(jobs, count), (ran) => {
    add(ran);
    for (const what of ran.violations) watcher.say(`seed ${ran.seed}: ${what}`);
    watcher.progress(++done, count, 'schedules');
  });
  watcher.stop();
  const { ends, violations, firstSeed: _, ...sums } = sum();
  if (json) process.stdout.write(`${JSON.stringify(sum(), null, 2)}\n`);
  else {
    const rows = Object.entries({ ...sums, ...ends, violations: violations.length });
    console.log(
      `\n${table(rows.map(([what, value]) => ({ what, count: value.toLocaleString('en-US') })))}\n`,
    );
    for (const { seed: of, what } of violations) console.log(pc.red(`seed ${of}: ${what}`));
  }
  process.exitCode = violations.length === 0 ? 0 : 1;
};

run().catch((error: unknown) => {
  console.error(pc.red(error instanceof Error ? (error.stack ?? error.message) : String(error)));
  process.exitCode = 1;
});
