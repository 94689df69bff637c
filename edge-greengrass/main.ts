import { isDeepStrictEqual, parseArgs } from 'node:util';
import { type Agent, startAgent } from './agent.ts';
import { readComponentConfig, watchComponentConfig } from './bus/component-config.ts';
import type { EdgeBus } from './bus/edge-bus.ts';
import { greengrassBus } from './bus/greengrass-bus.ts';
import { mqttBusOf } from './bus/mqtt-bus.ts';
import { openKeys } from './cloud/open-keys.ts';
import { openLines } from './cloud/open-lines.ts';
import { type GatewayConfig, readGatewayConfig } from './config.ts';
import { localPage } from './local-page/local-page.ts';
import { siteState } from './local-page/site-state.ts';
import { logToStderr } from './log.ts';
import { keepRunning } from './reload/keep-running.ts';
import { watchConfig } from './reload/watch-config.ts';
import { type EdgeSealing, openDisk, openEdgeSealing } from './sealing/edge-sealing.ts';
import { keepMiners, sealedMinersFile, settleDeployment, settleMiners } from './sealing/sealed-miners.ts';
import type { KeyRing } from './state/key-ring.ts';

const help = `HashInsight edge gateway

  node edge-greengrass/main.ts --config FILE [--state DIR]   over MQTT with the gateway's certificate
  node edge-greengrass/main.ts --greengrass [--state DIR]    as a Greengrass component, over the nucleus's IPC

  --config FILE   JSON: siteId, gatewayId, miners, either mqtt and hmacKeys or cloud (with its claim at the first start), and
                  optional sealing, limits and local (edge-greengrass/config.ts).
                  Miners are sealed into the state directory at the first start and taken out of the file.
  --greengrass    take the configuration and the line from the nucleus
  --state DIR     where gateway.db lies: what is not acknowledged, the command journal; the sealed miners; with cloud,
                  the gateway's own keys (default ./gateway-state)
  --help          this text

Prints one line of JSON to standard output when it runs, and logs to standard error. SIGTERM and SIGINT end it cleanly. A changed
configuration (of the file, or by a deployment) and SIGHUP are followed while it runs; one that is not valid is refused.
`;

const { values } = parseArgs({
  options: {
    config: { type: 'string' },
    greengrass: { type: 'boolean', default: false },
    state: { type: 'string', default: './gateway-state' },
    help: { type: 'boolean', default: false },
  },
});

/** A configuration with the miners that it means, and what was opened for it. */
type Opened = {
  readonly config: GatewayConfig;
  readonly keys: KeyRing | undefined;
  readonly sealing: EdgeSealing;
};

const lineOf = ({ config, keys }: Opened): EdgeBus => {
  const { publishMs } = config.limits;
  if (values.greengrass) return greengrassBus({ publishMs, log: logToStderr });
  if (config.cloud && keys) return openLines({ cloud: config.cloud, keys, publishMs, log: logToStderr });
  if (!config.mqtt) throw new Error('Configuration: mqtt is missing');
  return mqttBusOf(config.mqtt, config.gatewayId, publishMs, logToStderr);
};

/** Of the whole process: a second ring beside one that is in use would know nothing of keys that the first replaces. */
let ring: KeyRing | undefined;
let sealed: { readonly by: object; readonly sealing: EdgeSealing } | undefined;

const sealingOf = async (given: GatewayConfig): Promise<EdgeSealing> => {
  const by = { sealing: given.sealing, mqtt: given.mqtt, siteId: given.siteId, gatewayId: given.gatewayId };
  if (!sealed || !isDeepStrictEqual(sealed.by, by))
    sealed = { by, sealing: await openEdgeSealing(given, values.state) };
  return sealed.sealing;
};

const open = async (): Promise<Opened> => {
  const read = values.greengrass ? await readComponentConfig() : readGatewayConfig(values.config ?? '');
  if (read.cloud && !values.greengrass) ring ??= await openKeys(read, values.state, logToStderr);
  const keys = read.cloud && ring;
  const given = keys && read.cloud ? { ...read, mqtt: keys.asMqtt(read.cloud.caPath) } : read;
  const sealing = await sealingOf(given);
  const disk = await openDisk(given, values.state);
  const config = values.greengrass
    ? await settleDeployment(given, values.state, disk)
    : await settleMiners(given, values.state, disk, values.config);
  if (values.greengrass && given.miners.length > 0) logToStderr('warn', 'miners_in_deployment');
  return { config, keys, sealing };
};

const run = async () => {
  const first = await open();
  const site = siteState(Date.now);
  const start = (opened: Opened): Promise<Agent> => {
    const line = lineOf(opened);
    line.onChange(site.takeLine);
    site.configure(opened.config.miners);
    return startAgent(opened.config, line, {
      stateDir: values.state,
      ...(opened.keys && { keys: opened.keys }),
      sealing: opened.sealing,
      onReadings: site.takeReadings,
      onSweep: site.takeSweep,
      onSafety: site.takeSafety,
      onInventory: async (miners) => {
        const { config } = opened;
        await keepMiners(config, values.state, await openDisk(config, values.state), config.miners, miners);
        setImmediate(reload);
      },
    });
  };
  const running = await keepRunning({
    first,
    start,
    log: logToStderr,
    onTaken: async (_, restartsPage) => {
      site.takeConfig();
      if (restartsPage) await page.follow();
    },
    onRefused: site.takeConfig,
  });
  const page = localPage({ site, agent: running.agent, config: running.config, log: logToStderr });
  const reload = () => void running.reload(open).catch(() => process.exit(1));
  const watching = values.greengrass
    ? watchComponentConfig({ onChange: reload, log: logToStderr })
    : watchConfig(values.config ?? '', reload);
  // Discovery and new passwords change it from outside.
  const watchingMiners = watchConfig(sealedMinersFile(values.state), reload);
  process.on('SIGHUP', reload);
  const end = async () => {
    watchingMiners.close();
    await watching.close();
    await Promise.all([running.stop(), page.close()]);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    process.once(
      signal,
      () =>
        void end().then(
          () => process.exit(0),
          () => process.exit(1),
        ),
    );
  await page.follow();
  const { miners, identified } = await running.agent().ready;
  const { siteId, gatewayId } = first.config;
  console.log(JSON.stringify({ ready: true, siteId, gatewayId, miners, identified }));
};

if (values.help || (values.config === undefined && !values.greengrass)) {
  process.stdout.write(help);
  process.exitCode = values.help ? 0 : 2;
} else {
  run().catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : 'the gateway could not start');
    process.exit(1);
  });
}
