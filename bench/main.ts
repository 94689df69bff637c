import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import pc from 'picocolors';
import * as z from 'zod';
import { root } from '../local/build.ts';
import type { Findings } from './bench.ts';
import { benchLambdas } from './lambdas.ts';
import { benchLoop } from './loop.ts';
import { describeMachine, type Machine } from './machine.ts';
import { benchMemory } from './memory.ts';
import { describeRun, publish } from './publish.ts';
import { table } from './table.ts';
import { watch } from './watcher.ts';

const help = `Measures what docs/loop.md publishes. Run it on a quiet machine.

  npm run bench -- loop      latency of every step over many closed loops
  npm run bench -- lambdas   bundle size and cold start of every function
  npm run bench -- memory    memory of the whole local system by number of miners

  loop:     --loops N    closed loops (default 100)
            --miners N   simulated miners (default 200; about two thirds can be broken, each once)
            --at-once N  loops at a time (default 2)
            --warm-up N  loops before, which pay for cold starts and are shown apart (default 4)
            --seed N     which miners break (default 1)
  lambdas:  --runs N     starts of each function (default 20)
            --only TEXT  functions whose name contains it
  memory:   --miners LIST  sizes of the site (default 200,2000)
            --seconds N    of steady telemetry before measuring (default 60)
  all:      --json       the figures as JSON on standard output
            --publish    write the tables into docs/loop.md, too
            --help       this text

Each run is also kept as bench/results/<name>.json.
`;

const count = (fallback: number, max: number) => z.coerce.number().int().min(1).max(max).default(fallback);
const common = {
  json: z.boolean().default(false),
  publish: z.boolean().default(false),
};
const options = {
  loop: z.strictObject({
    ...common,
    loops: count(100, 5_000),
    miners: count(200, 10_000),
    'at-once': count(2, 50),
    'warm-up': z.coerce.number().int().min(0).max(100).default(4),
    seed: count(1, 2 ** 31),
  }),
  lambdas: z.strictObject({ ...common, runs: count(20, 1_000), only: z.string().default('') }),
  memory: z.strictObject({
    ...common,
    miners: z
      .string()
      .regex(/^\d+(,\d+)*$/, 'numbers separated by commas')
      .default('200,2000')
      .transform((list) => list.split(',').map(Number)),
    seconds: count(60, 3_600),
    seed: count(1, 2 ** 31),
  }),
};

/** Something that the person at the keyboard can put right. */
class Refusal extends Error {}

const parse = <T extends z.ZodType>(schema: T, values: unknown): z.output<T> => {
  const parsed = schema.safeParse(values);
  if (parsed.success) return parsed.data;
  throw new Refusal(
    parsed.error.issues
      .map((issue) =>
        issue.code === 'unrecognized_keys'
          ? `--${issue.keys.join(', --')} is no option of this bench`
          : `--${issue.path.join('.')}: ${issue.message}`,
      )
      .join('\n'),
  );
};

type Shown = { readonly json: boolean; readonly publish: boolean };
const show = (name: string, machine: Machine, findings: Findings, shown: Shown) => {
  const { tables, figures, notes } = findings;
  const document = `${JSON.stringify({ bench: name, machine, figures, notes }, null, 2)}\n`;
  const directory = join(root, 'bench', 'results');
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, `${name}.json`), document);
  if (shown.publish) publish(join(root, 'docs', 'loop.md'), name, machine, findings);
  if (shown.json) return void process.stdout.write(document);
  for (const { title, rows } of tables) console.log(`\n${pc.bold(title)}\n\n${table(rows)}`);
  console.log('');
  for (const note of notes) console.log(note);
  console.log(pc.dim(describeRun(machine)));
};

const run = async () => {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      loops: text,
      miners: text,
      'at-once': text,
      'warm-up': text,
      seed: text,
      runs: text,
      only: text,
      seconds: text,
      json: flag,
      publish: flag,
      help: flag,
    },
  });
  const { help: wantsHelp, ...given } = values;
  if (wantsHelp) return void process.stdout.write(help);
  const [name] = positionals;
  const machine = describeMachine();
  const watcher = watch();
  const finish = (findings: Findings, shown: Shown) => {
    watcher.stop();
    show(name ?? '', machine, findings, shown);
  };
  if (name === 'loop' && positionals.length === 1) {
    const settings = parse(options.loop, given);
    finish(
      await benchLoop({ ...settings, atOnce: settings['at-once'], warmUp: settings['warm-up'] }, watcher),
      settings,
    );
  } else if (name === 'lambdas' && positionals.length === 1) {
    const settings = parse(options.lambdas, given);
    finish(await benchLambdas(settings, watcher), settings);
  } else if (name === 'memory' && positionals.length === 1) {
    const settings = parse(options.memory, given);
    finish(await benchMemory(settings, watcher), settings);
  } else throw new Refusal(`Name one bench.\n\n${help}`);
};

run().then(
  () => process.exit(0),
  (error: unknown) => {
    const isPlain = error instanceof Refusal || !(error instanceof Error);
    console.error(
      pc.red(isPlain ? String(error instanceof Error ? error.message : error) : (error.stack ?? '')),
    );
    process.exit(1);
  },
);
