import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import pc from 'picocolors';
import * as z from 'zod';
import { buildStacks, root } from '../../local/build.ts';
import { describeMachine } from '../machine.ts';
import { publish } from '../publish.ts';
import { table } from '../table.ts';
import { watch } from '../watcher.ts';
import { meterCost } from './meter-cost.ts';

const help = `Runs the local cloud under a meter and prints the bill of a month at list prices, beside the naive design.

  npm run cost -- --miners 10000 --interval 60

  --miners N              size of the site (default 10000)
  --interval SECONDS      between samples (default 60)
  --miners-per-gateway N  (default 5000)
  --minutes N             of the whole site that are measured; below 60 without the hour's roll-ups (default 60)
  --json                  everything that was metered as JSON on standard output
  --publish               write the tables into docs/cost.md, too
  --help                  this text

docs/cost.md says what is measured, what is scaled, and what is not in it.
`;

const count = (fallback: number, min: number, max: number) =>
  z.coerce.number().int().min(min).max(max).default(fallback);
const options = z.strictObject({
  miners: count(10_000, 1, 1_000_000),
  interval: count(60, 5, 300),
  'miners-per-gateway': count(5_000, 1, 10_000),
  minutes: count(60, 1, 600),
  json: z.boolean().default(false),
  publish: z.boolean().default(false),
});

const run = async () => {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  const { values } = parseArgs({
    options: {
      miners: text,
      interval: text,
      'miners-per-gateway': text,
      minutes: text,
      json: flag,
      publish: flag,
      help: flag,
    },
  });
  const { help: wantsHelp, ...given } = values;
  if (wantsHelp) return void process.stdout.write(help);
  const parsed = options.safeParse(given);
  if (!parsed.success)
    throw new Error(
      parsed.error.issues.map(({ path, message }) => `--${path.join('.')}: ${message}`).join('\n'),
    );
  const asked = parsed.data;
  const machine = describeMachine();
  const watcher = watch();
  watcher.say('Building the stacks');
  await buildStacks();
  const { findings, document } = await meterCost(
    {
      miners: asked.miners,
      intervalS: asked.interval,
      perGateway: asked['miners-per-gateway'],
      minutes: asked.minutes,
    },
    watcher,
  );
  watcher.stop();
  const content = `${JSON.stringify({ ...document, machine }, null, 2)}\n`;
  mkdirSync(join(root, 'bench', 'results'), { recursive: true });
  writeFileSync(join(root, 'bench', 'results', `cost-${asked.miners}.json`), content);
  if (asked.publish)
    publish(join(root, 'docs', 'cost.md'), `cost of ${asked.miners} miners`, machine, findings);
  if (asked.json) return void process.stdout.write(content);
  for (const { title, rows } of findings.tables) console.log(`\n${pc.bold(title)}\n\n${table(rows)}`);
  console.log('');
  for (const note of findings.notes) console.log(pc.dim(note));
};

run().then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(pc.red(error instanceof Error ? error.message : String(error)));
    process.exit(1);
  },
);
