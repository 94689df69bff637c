import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import pc from 'picocolors';
import * as z from 'zod';
import { root } from '../local/build.ts';
import type { Findings } from './bench.ts';
import type { Entry } from './catalogue/entry.ts';
import { catalogue } from './catalogue.ts';
import { describeMachine, type Machine } from './machine.ts';
import { describeRun, publish } from './publish.ts';
import { table } from './table.ts';
import { watch } from './watcher.ts';

const help = () => `Measures what the pages under docs/ publish. Run it on a quiet machine.

${catalogue
  .map(({ name, about, options }) =>
    [
      `  npm run bench -- ${name.padEnd(20)} ${about}`,
      ...options.map(({ flag, about: words }) => `      --${flag.padEnd(16)} ${words}`),
    ].join('\n'),
  )
  .join('\n')}

  all: --json       the figures as JSON on standard output
       --publish    write the tables into the page, too
       --help       this text

The first word alone runs every bench that begins with it. Each run is also kept as bench/results/<name>.json.
`;

/** Something that the person at the keyboard can put right. */
class Refusal extends Error {}

const inWords = (error: z.ZodError) =>
  error.issues
    .map((issue) =>
      issue.code === 'unrecognized_keys'
        ? `--${issue.keys.join(', --')} is no option of this bench`
        : `--${issue.path.join('.')}: ${issue.message}`,
    )
    .join('\n');

type Shown = { readonly json: boolean; readonly publish: boolean };
const show = ({ name, page }: Entry, machine: Machine, findings: Findings, shown: Shown) => {
  const { tables, figures, notes } = findings;
  const document = `${JSON.stringify({ bench: name, machine, figures, notes }, null, 2)}\n`;
  const directory = join(root, 'bench', 'results');
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, `${name.replaceAll(' ', '-')}.json`), document);
  if (shown.publish) publish(join(root, 'docs', page), name, machine, findings);
  if (shown.json) return void process.stdout.write(document);
  for (const { title, rows } of tables) console.log(`\n${pc.bold(title)}\n\n${table(rows)}`);
  console.log('');
  for (const note of notes) console.log(note);
  console.log(pc.dim(describeRun(machine)));
};

/** `--flag`, `--flag value` and `--flag=value`; what a flag may be is for the bench to say. */
const readArguments = (words: readonly string[]) => {
  const { tokens } = parseArgs({ args: [...words], strict: false, allowPositionals: true, tokens: true });
  const switches = new Set(['json', 'publish', 'help']);
  const names: string[] = [];
  const given: Record<string, string | boolean> = {};
  let open: string | undefined;
  for (const token of tokens) {
    if (token.kind === 'option') {
      given[token.name] = token.value ?? true;
      open = token.value === undefined && !switches.has(token.name) ? token.name : undefined;
    } else if (token.kind === 'positional') {
      if (open) given[open] = token.value;
      else names.push(token.value);
      open = undefined;
    }
  }
  return { names, given };
};

const run = async () => {
  const { names, given } = readArguments(process.argv.slice(2));
  const { json, publish: publishes, help: wantsHelp, ...options } = given;
  if (wantsHelp) return void process.stdout.write(help());
  const asked = names.join(' ');
  const chosen = catalogue.filter(({ name }) => name === asked || name.startsWith(`${asked} `));
  if (asked === '' || chosen.length === 0) throw new Refusal(`Name a bench.\n\n${help()}`);
  for (const one of chosen) {
    const machine = describeMachine();
    const watcher = watch();
    try {
      const findings = await one.run(options, watcher);
      watcher.stop();
      show(one, machine, findings, { json: json === true, publish: publishes === true });
    } catch (error) {
      if (error instanceof z.ZodError) throw new Refusal(inWords(error));
      throw error;
    }
  }
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
