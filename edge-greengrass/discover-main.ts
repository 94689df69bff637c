import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { Presets, SingleBar } from 'cli-progress';
import * as z from 'zod';
import { addressSet } from './discovery/address-ranges.ts';
import { discoverSite } from './discovery/discover-site.ts';
import { checkIdPattern, usualIdPattern } from './discovery/name-miners.ts';
import { lookAtGateway, openGateway } from './discovery/open-gateway.ts';
import { discoveryJson, discoveryText, type Outcome } from './discovery/print-discovery.ts';
import { vendorPorts } from './discovery/probe-address.ts';
import { inventoryEvents } from './discovery/report-changes.ts';
import { type ScanEvent, usualScan } from './discovery/scan.ts';

const help = `Finds a site's miners and keeps the gateway's inventory

  node edge-greengrass/discover-main.ts --config FILE --range RANGE [--range …] [--exclude RANGE …] [--dry-run] [--json]

  --config FILE      the gateway's configuration; its discovery.ranges and exclude hold where no --range is given
  --state DIR        the gateway's state directory (default ./gateway-state)
  --range RANGE      10.0.0.0/20, 10.0.0.5-10.0.1.20, 10.0.0.5-90, 10.0.0.7, or several with commas
  --exclude RANGE    what no connection is made to, in the same forms
  --dry-run          say what would change, and change nothing
  --id-pattern P     ids of new miners: {family}, {model}, {serial}, {n} (default ${usualIdPattern})
  --keep-id          a machine in the place of another takes over its id; without it, it gets one of its own
  --logins FILE      JSON: [{"username": …, "password": …}], to try besides the inventory's and the factory's; three a machine at most
  --at-once N        addresses asked at the same time (default ${usualScan.atOnce}), two sockets each
  --per-second N     addresses begun per second (default ${usualScan.perS})
  --ports P          where the vendors' ports are forwarded: 4028=14028,80=18080,4433=14433
  --json             one JSON object on standard output, for this machine: addresses stand in it, logins do not
  --lang en|zh       (default by LANG)

Ctrl-C stops it; what it has found by then is shown, and nothing is changed.
`;

const { values } = parseArgs({
  options: {
    config: { type: 'string' },
    state: { type: 'string', default: './gateway-state' },
    range: { type: 'string', multiple: true, default: [] },
    exclude: { type: 'string', multiple: true, default: [] },
    'dry-run': { type: 'boolean', default: false },
    'id-pattern': { type: 'string', default: usualIdPattern },
    'keep-id': { type: 'boolean', default: false },
    logins: { type: 'string' },
    'at-once': { type: 'string', default: String(usualScan.atOnce) },
    'per-second': { type: 'string', default: String(usualScan.perS) },
    ports: { type: 'string', default: '' },
    json: { type: 'boolean', default: false },
    lang: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

const loginFile = z
  .array(z.strictObject({ username: z.string().max(64), password: z.string().max(128) }))
  .max(16);
const readLogins = (file: string | undefined) => {
  if (file === undefined) return [];
  try {
    return loginFile.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    throw new Error('--logins: the file is not a JSON list of {username, password}');
  }
};
const wholeNumber = (name: string, text: string, most: number) => {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > most)
    throw new Error(`--${name}: a whole number from 1 to ${most}`);
  return value;
};
const portsFrom = (text: string) => {
  const forwarded = new Map<number, number>();
  for (const part of text.split(',').filter((each) => each !== '')) {
    const [from, to] = part.split('=').map(Number);
    const isVendors = Object.values(vendorPorts).some((port) => port === from);
    if (!isVendors || from === undefined || to === undefined || !(to > 0 && to < 65_536))
      throw new Error('--ports: such as 4028=14028,80=18080,4433=14433');
    forwarded.set(from, to);
  }
  const of = (port: number) => forwarded.get(port) ?? port;
  return forwarded.size === 0
    ? vendorPorts
    : {
        rpc: of(vendorPorts.rpc),
        http: of(vendorPorts.http),
        whatsminerV3: of(vendorPorts.whatsminerV3),
      };
};

/** A bar on a terminal; elsewhere a line for every tenth; nothing beside JSON. */
const progress = (total: number) => {
  if (values.json && !process.stderr.isTTY) return { onEvent: () => undefined, stop: () => undefined };
  if (process.stderr.isTTY) {
    const bar = new SingleBar(
      { format: '{bar} {value}/{total} · {machines} miners · {eta_formatted}', stream: process.stderr },
      Presets.shades_classic,
    );
    bar.start(total, 0, { machines: 0 });
    return {
      onEvent: (event: ScanEvent) =>
        event.kind === 'progress' && bar.update(event.counts.asked, { machines: event.counts.machines }),
      stop: () => bar.stop(),
    };
  }
  let tenths = 0;
  return {
    onEvent: (event: ScanEvent) => {
      if (event.kind !== 'progress') return;
      const reached = Math.floor((10 * event.counts.asked) / Math.max(1, total));
      if (reached === tenths) return;
      tenths = reached;
      process.stderr.write(`${event.counts.asked} / ${total}, ${event.counts.machines} miners\n`);
    },
    stop: () => undefined,
  };
};

const run = async (configPath: string) => {
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort());
  process.once('SIGTERM', () => stop.abort());
  const { config, remembered } = await lookAtGateway(configPath, values.state);
  const ranges = values.range.length > 0 ? values.range : (config.discovery?.ranges ?? []);
  if (ranges.length === 0) throw new Error('--range is missing, and the configuration names none');
  const addresses = addressSet(ranges, [...values.exclude, ...(config.discovery?.exclude ?? [])]);
  const bar = progress(addresses.count);
  const discovery = await discoverSite({
    addresses,
    miners: config.miners,
    remembered,
    logins: readLogins(values.logins),
    idPattern: checkIdPattern(values['id-pattern']),
    keepReplacedId: values['keep-id'],
    ports: portsFrom(values.ports),
    limits: {
      atOnce: wholeNumber('at-once', values['at-once'], 10_000),
      perS: wholeNumber('per-second', values['per-second'], 50_000),
    },
    signal: stop.signal,
    onEvent: bar.onEvent,
  });
  bar.stop();
  const isDryRun = values['dry-run'] || !discovery.scanned.complete;
  if (!isDryRun) {
    const gateway = await openGateway(configPath, values.state);
    try {
      await gateway.keep(config.miners, discovery.adoption.miners);
      gateway.remember(discovery.adoption.seen, inventoryEvents(discovery.adoption.changes));
      gateway.tellRunning();
    } finally {
      gateway.close();
    }
  }
  const outcome: Outcome = { discovery, isDryRun };
  const language = (values.lang ?? process.env.LANG ?? '').startsWith('zh') ? 'zh' : 'en';
  process.stdout.write(
    values.json ? `${JSON.stringify(discoveryJson(outcome))}\n` : discoveryText(outcome, language),
  );
  process.exitCode = discovery.scanned.complete ? 0 : 130;
};

if (values.help || values.config === undefined) {
  process.stdout.write(help);
  process.exitCode = values.help ? 0 : 2;
} else {
  run(values.config).catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : 'the scan could not be made');
    process.exit(1);
  });
}
