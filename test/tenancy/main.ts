import { parseArgs } from 'node:util';
import { SingleBar } from 'cli-progress';
import pc from 'picocolors';
import { collectPools } from './pools.ts';
import { type Outcome, runTrial } from './trial.ts';
import { openWorld } from './world.ts';

process.env.POWERTOOLS_LOG_LEVEL ??= 'SILENT';
const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '5000' },
    seed: { type: 'string', default: '1' },
    first: { type: 'string', default: '0' },
    /** Keeps the world here, and takes the one that is there. */
    state: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const [count, seed, first] = [values.count, values.seed, values.first].map(Number);
if (!Number.isSafeInteger(count) || !Number.isSafeInteger(seed) || !Number.isSafeInteger(first))
  throw new RangeError('--count, --seed and --first take whole numbers');
const say = (text: string) => {
  if (!values.json) process.stderr.write(`${text}\n`);
};

const statusOf = ({ statuses }: Outcome['routes'][number]) =>
  Object.entries(statuses)
    .map(([status, times]) => `${status}×${times}`)
    .join(' ');

const tell = ({ routes, faults, changes, requests, seconds }: Outcome) => {
  const width = Math.max(...routes.map(({ route }) => route.length));
  for (const one of routes)
    say(
      `${one.route.padEnd(width)} ${String(one.requests).padStart(6)} ${one.faults ? pc.red(String(one.faults)) : pc.green('0')} ${statusOf(one)}`,
    );
  for (const fault of faults.slice(0, 20))
    say(
      pc.red(`\n${fault.operation} (request ${fault.index}, ${fault.attacker}) ${fault.what}`) +
        `\n  ${fault.request}\n  ${fault.status} ${fault.answer.slice(0, 500)}`,
    );
  for (const { phase, item } of changes.slice(0, 20)) say(pc.red(`\nchanged by ${phase}: ${item}`));
  const verdict = `${requests} requests over ${routes.length} routes in ${seconds.toFixed(0)} s: ${faults.length} leaks or wrong answers, ${changes.length} things of others changed`;
  say(faults.length + changes.length > 0 ? pc.red(verdict) : pc.green(verdict));
};

const world = await openWorld(say, values.state);
try {
  say('Collecting names');
  const pools = await collectPools(world);
  const bar = new SingleBar({ format: '{bar} {percentage}% {value}/{total} {eta}s', hideCursor: true });
  const isShown = !values.json && process.stderr.isTTY;
  if (isShown) bar.start(count ?? 0, 0);
  const outcome = await runTrial(
    world,
    pools,
    { seed: seed ?? 1, count: count ?? 0, first: first ?? 0 },
    (done) => {
      if (isShown) bar.update(done);
      else if (!values.json && done % 5_000 === 0) say(`${done} requests`);
    },
  );
  if (isShown) bar.stop();
  if (values.json) process.stdout.write(`${JSON.stringify(outcome)}\n`);
  else tell(outcome);
  process.exitCode = outcome.faults.length + outcome.changes.length > 0 ? 1 : 0;
} finally {
  await world.close();
}
