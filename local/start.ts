import { join } from 'node:path';
import { parseArgs } from 'node:util';
import pc from 'picocolors';
import * as z from 'zod';
import { root } from './build.ts';
import { demoAccounts } from './cognito/accounts.ts';
import { tellStory } from './demo/story.ts';
import { StartRefusal, type System, startSystem } from './system.ts';

const help = `HashInsight on one machine: the cloud, a gateway, and a simulated mining site.

  npm start -- [options]

  --miners N   simulated miners, 1 to 10000 (default 200)
  --port N     the console's port (default 8700)
  --seed N     makes the site repeatable (default 1)
  --speed X    simulated seconds per second (default 20: faults unfold in seconds, not minutes)
  --fresh      forget the state of earlier runs (kept in .local/)
  --state DIR  keep the state elsewhere
  --quiet      let nothing go wrong by itself; without it, a fault begins every few minutes
  --help       this text

Ctrl-C ends it cleanly. Other commands: npm run loop, npm test, npm run synth, npm run audit:verify, npm run bench.
`;

const options = z.object({
  miners: z.coerce.number().int().min(1).max(10_000).default(200),
  port: z.coerce.number().int().min(0).max(65_535).default(8_700),
  seed: z.coerce
    .number()
    .int()
    .min(0)
    .max(2 ** 31)
    .default(1),
  speed: z.coerce.number().positive().max(1_000).default(20),
  fresh: z.boolean().default(false),
  quiet: z.boolean().default(false),
  state: z.string().default(join(root, '.local', 'start')),
  help: z.boolean().default(false),
});

const readOptions = () => {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  const { values } = parseArgs({
    options: {
      miners: text,
      port: text,
      seed: text,
      speed: text,
      state: text,
      fresh: flag,
      quiet: flag,
      help: flag,
    },
  });
  const parsed = options.safeParse(values);
  if (parsed.success) return parsed.data;
  throw new StartRefusal(
    parsed.error.issues.map((issue) => `--${issue.path.join('.')}: ${issue.message}`).join('\n'),
  );
};

const showStep = () => {
  const begun = performance.now();
  return (step: string) => {
    const elapsed = `${((performance.now() - begun) / 1_000).toFixed(1).padStart(5)} s`;
    console.log(`${pc.dim(elapsed)}  ${step}`);
  };
};

const welcome = ({ runtime, record }: System) => {
  const logins = demoAccounts.map(
    ({ email, password, name }) => `    ${email.padEnd(22)} ${password.padEnd(16)} ${pc.dim(name)}`,
  );
  console.log(`
  ${pc.bold('HashInsight runs.')}  Console: ${pc.cyan(runtime.url)}

  Sign in as (e-mail, password):
${logins.join('\n')}

  Site ${record.siteId}, gateway ${record.gatewayId}, ${record.minerCount} miners. Ctrl-C ends it; its state is kept.
`);
};

const run = async () => {
  const settings = readOptions();
  if (settings.help) return void process.stdout.write(help);
  let isStopping = false;
  let stop = (): void => process.exit(130);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop());
  const system = await startSystem({
    miners: settings.miners,
    seed: settings.seed,
    port: settings.port,
    speed: settings.speed,
    fresh: settings.fresh,
    stateDir: settings.state,
    pollIntervalMs: settings.miners > 1_000 ? 5_000 : 2_000,
    withConsole: true,
    onStep: showStep(),
    onTrouble: (reason) => {
      if (!isStopping) console.error(pc.red(reason));
    },
  });
  const story = settings.quiet
    ? undefined
    : tellStory(system, settings.seed, (line) =>
        console.log(`${pc.dim(new Date().toLocaleTimeString())}  ${line}`),
      );
  welcome(system);
  stop = () => {
    stop = () => undefined;
    isStopping = true;
    console.log('\nStopping …');
    story?.stop();
    system.close().then(
      () => process.exit(0),
      (error: unknown) => {
        console.error(error);
        process.exit(1);
      },
    );
  };
};

run().catch((error: unknown) => {
  console.error(pc.red(error instanceof Error ? error.message : String(error)));
  process.exit(1);
});
