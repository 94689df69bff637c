import { parseArgs } from 'node:util';
import * as z from 'zod';
import { serveControl } from './control/control-server.ts';
import type { ReadyLine } from './control/messages.ts';
import { modelNames } from './physics/models.ts';
import { startSite } from './site/simulated-site.ts';

const help = `A simulated mining site: miners that answer in their vendors' protocols on loopback.

  node simulator/main.ts [options]

  --miners N        how many miners (default 200)
  --zones N         how many zones (default: one for every 50 miners)
  --seed N          makes a site repeatable (default 1)
  --speed X         simulated seconds per second (default 1)
  --control-port N  port of the control API on 127.0.0.1 (default: any)
  --base-port N     first of the miners' ports (default: any). Give one, such as 12000, for more than 2,000 miners:
                    the system takes long to find so many free ports
  --vendor-ports N  gives each miner an address of its own under 127.N.0.0 and its vendor's ports, as on a real site. Needs
                    the right to listen on port 80; not on macOS
  --address-step N  of the addresses, every Nth is a miner's (default 1); the others refuse connections
  --share-ports     lets another process listen at the same ports for the other addresses
  --models LIST     names separated by commas, each of which gets the same share (default: a usual mix)
  --help            this text

When it is ready it prints one line of JSON with the control API's address. It stops on SIGINT, SIGTERM, or when its
standard input ends, if that was a pipe and --stop-with-stdin is given.
`;

const whole = (what: string, low: number, high: number) =>
  z.coerce
    .number()
    .int()
    .min(low, `${what} must be at least ${low}`)
    .max(high, `${what} must be at most ${high}`);

const optionsSchema = z.object({
  miners: whole('--miners', 1, 10_000).default(200),
  zones: whole('--zones', 1, 1000).optional(),
  seed: whole('--seed', 0, 2 ** 31).default(1),
  speed: z.coerce.number().positive().max(1000).default(1),
  'control-port': whole('--control-port', 0, 65_535).default(0),
  'base-port': whole('--base-port', 1024, 65_000).optional(),
  'vendor-ports': whole('--vendor-ports', 1, 254).optional(),
  'address-step': whole('--address-step', 1, 1_000).default(1),
  models: z
    .string()
    .transform((list) => list.split(','))
    .pipe(z.array(z.enum(modelNames)).min(1))
    .optional(),
});

const usualPorts = { rpcPort: 4028, httpPort: 80 } as const;

const run = async () => {
  const { values } = parseArgs({
    options: {
      miners: { type: 'string' },
      zones: { type: 'string' },
      seed: { type: 'string' },
      speed: { type: 'string' },
      'control-port': { type: 'string' },
      'base-port': { type: 'string' },
      'vendor-ports': { type: 'string' },
      'address-step': { type: 'string' },
      'share-ports': { type: 'boolean' },
      models: { type: 'string' },
      'stop-with-stdin': { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) {
    process.stdout.write(help);
    return;
  }
  const options = optionsSchema.parse(values);
  const site = await startSite({
    miners: options.miners,
    seed: options.seed,
    speed: options.speed,
    ...(options.zones !== undefined && { zones: options.zones }),
    ...(options['base-port'] !== undefined && { basePort: options['base-port'] }),
    ...(options['vendor-ports'] !== undefined && {
      vendorPorts: {
        ...usualPorts,
        net: options['vendor-ports'],
        step: options['address-step'],
        shared: values['share-ports'] ?? false,
      },
    }),
    ...(options.models && { mix: Object.fromEntries(options.models.map((model) => [model, 1])) }),
  });
  const control = await serveControl(site, options['control-port']);
  const stop = async () => {
    await control.close();
    await site.close();
    process.exit(0);
  };
  process.once('SIGINT', () => void stop());
  process.once('SIGTERM', () => void stop());
  if (values['stop-with-stdin']) process.stdin.on('end', () => void stop()).resume();
  const ready: ReadyLine = {
    ready: true,
    controlUrl: control.url,
    miners: options.miners,
    speed: options.speed,
    seed: options.seed,
  };
  console.log(JSON.stringify(ready));
};

run().catch((error: unknown) => {
  const text =
    error instanceof z.ZodError
      ? z.prettifyError(error)
      : error instanceof Error
        ? error.message
        : 'unknown failure';
  process.stderr.write(`The simulator could not start: ${text}\n`);
  process.exit(1);
});
