import { join } from 'node:path';
import { parseArgs } from 'node:util';
import pc from 'picocolors';
import * as z from 'zod';
import { root } from '../build.ts';
import { StartRefusal } from '../system.ts';
import { runReplay } from './replay.ts';
import { runLoop } from './run-loop.ts';
import { scenarioNames } from './scenarios.ts';
import { showReplay } from './show-replay.ts';
import { showCase } from './timeline.ts';

const help = `The main job, headless: a simulated site, two broken miners, two closed loops.

  npm run loop -- [options]

  --scenario NAME   ${scenarioNames.join(' | ')} (default happy)
  --miners N        simulated miners, 10 to 10000 (default 200)
  --seed N          makes the site and the choice of miners repeatable (default 1)
  --replay FILE ... send recordings of real Bitaxe miners instead, and compare the tiers with the files
  --json            one JSON document on standard output; progress goes to standard error
  --port N          the API's port (default: any free one)
  --help            this text

Ends with 0 only if the miners physically changed state as documented, later telemetry agreed, and the audit log verifies.
`;

const settings = z.object({
  scenario: z.enum(scenarioNames).default('happy'),
  miners: z.coerce.number().int().min(10).max(10_000).default(200),
  seed: z.coerce
    .number()
    .int()
    .min(0)
    .max(2 ** 31)
    .default(1),
  port: z.coerce.number().int().min(0).max(65_535).default(0),
  json: z.boolean().default(false),
  replay: z.boolean().default(false),
  help: z.boolean().default(false),
});

const readArguments = () => {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { scenario: text, miners: text, seed: text, port: text, json: flag, replay: flag, help: flag },
  });
  const parsed = settings.safeParse(values);
  if (!parsed.success)
    throw new StartRefusal(
      parsed.error.issues.map((issue) => `--${issue.path.join('.')}: ${issue.message}`).join('\n'),
    );
  if (parsed.data.replay !== positionals.length > 0)
    throw new StartRefusal('--replay takes the recordings to send: --replay FILE ...');
  return { ...parsed.data, files: positionals };
};

const run = async () => {
  const options = readArguments();
  if (options.help) return void process.stdout.write(help);
  const begun = performance.now();
  const onStep = (step: string) =>
    console.error(pc.dim(`${((performance.now() - begun) / 1_000).toFixed(1).padStart(6)} s  ${step}`));
  const stateDir = join(root, '.local', `loop-${process.pid}`);
  const isGood = options.replay
    ? await replayFiles(options, stateDir, onStep)
    : await playScenario(options, stateDir, onStep, begun);
  process.exit(isGood ? 0 : 1);
};

type Options = ReturnType<typeof readArguments>;
const print = (options: Options, report: unknown, text: () => string) =>
  console.log(options.json ? JSON.stringify(report, null, 2) : text());

const replayFiles = async (options: Options, stateDir: string, onStep: (step: string) => void) => {
  const report = await runReplay({ files: options.files, stateDir, port: options.port, onStep });
  print(options, report, () => `\n${showReplay(report)}\n`);
  return report.equal;
};

const playScenario = async (
  options: Options,
  stateDir: string,
  onStep: (step: string) => void,
  begun: number,
) => {
  const report = await runLoop({ ...options, stateDir, onStep });
  const tookMs = Math.round(performance.now() - begun);
  const verdict = report.audit.intact
    ? pc.green(`✓ audit chain of ${report.audit.length} events intact`)
    : pc.red('✗ audit chain broken');
  print(options, { ...report, tookMs }, () =>
    [
      '',
      `  ${pc.bold(options.scenario)}: ${report.about.en}`,
      `  ${report.about.zh}`,
      '',
      ...report.cases.flatMap((one) => [showCase(one), '']),
      `  ${verdict}, head ${report.audit.head.slice(0, 16)}`,
      `  ${report.good ? pc.green('All as documented') : pc.red('Not as documented')}, ${options.miners} miners, seed ${options.seed}, ${(tookMs / 1_000).toFixed(1)} s`,
      '',
    ].join('\n'),
  );
  return report.good;
};

run().catch((error: unknown) => {
  console.error(
    pc.red(
      error instanceof StartRefusal || !(error instanceof Error)
        ? String(error instanceof Error ? error.message : error)
        : (error.stack ?? error.message),
    ),
  );
  process.exit(1);
});
