import { parseArgs } from 'node:util';
import { type Agent, startAgent } from './agent.ts';
import { greengrassBus, readComponentConfig } from './bus/greengrass-bus.ts';
import { mqttBusOf } from './bus/mqtt-bus.ts';
import { openKeys } from './cloud/open-keys.ts';
import { openLines } from './cloud/open-lines.ts';
import { type GatewayConfig, readGatewayConfig } from './config.ts';
import { logToStderr } from './log.ts';
import { openDisk, openEdgeSealing } from './sealing/edge-sealing.ts';
import { keepMiners, settleMiners } from './sealing/sealed-miners.ts';
import type { KeyRing } from './state/key-ring.ts';

const help = `HashInsight edge gateway

  node edge-greengrass/main.ts --config FILE [--state DIR]   over MQTT with the gateway's certificate
  node edge-greengrass/main.ts --greengrass [--state DIR]    as a Greengrass component, over the nucleus's IPC

  --config FILE   JSON: siteId, gatewayId, miners, either mqtt and hmacKeys or cloud (with its claim at the first start), and
                  optional sealing and limits (edge-greengrass/config.ts).
                  Miners are sealed into the state directory at the first start and taken out of the file.
  --greengrass    take the configuration and the line from the nucleus
  --state DIR     where gateway.db lies: what is not acknowledged, the command journal; the sealed miners; with cloud,
                  the gateway's own keys (default ./gateway-state)
  --help          this text

Prints one line of JSON to standard output when it runs, and logs to standard error. SIGTERM and SIGINT end it cleanly.
`;

const { values } = parseArgs({
  options: {
    config: { type: 'string' },
    greengrass: { type: 'boolean', default: false },
    state: { type: 'string', default: './gateway-state' },
    help: { type: 'boolean', default: false },
  },
});

const lineOf = (config: GatewayConfig, keys: KeyRing | undefined) => {
  const { publishMs } = config.limits;
  if (values.greengrass) return greengrassBus({ publishMs, log: logToStderr });
  if (config.cloud && keys) return openLines({ cloud: config.cloud, keys, publishMs, log: logToStderr });
  if (!config.mqtt) throw new Error('Configuration: mqtt is missing');
  return mqttBusOf(config.mqtt, config.gatewayId, publishMs, logToStderr);
};

const run = async () => {
  const read = values.greengrass ? await readComponentConfig() : readGatewayConfig(values.config ?? '');
  const keys = values.greengrass ? undefined : await openKeys(read, values.state, logToStderr);
  const given = keys && read.cloud ? { ...read, mqtt: keys.asMqtt(read.cloud.caPath) } : read;
  const disk = await openDisk(given, values.state);
  const configPath = values.greengrass ? undefined : values.config;
  const sealing = await openEdgeSealing(given, values.state);
  let config = await settleMiners(given, values.state, disk, configPath);
  if (values.greengrass && given.miners.length > 0) logToStderr('warn', 'miners_in_deployment');

  const start = (): Promise<Agent> =>
    startAgent(config, lineOf(config, keys), {
      stateDir: values.state,
      ...(keys && { keys }),
      sealing,
      onInventory: async (miners) => {
        await keepMiners(config, values.state, disk, miners);
        config = { ...config, miners: [...miners] };
        setImmediate(restart);
      },
    });
  let agent = await start();
  let restarting: Promise<void> = Promise.resolve();
  const restart = () => {
    restarting = agent.stop().then(async () => {
      agent = await start();
    });
    restarting.catch(() => process.exit(1));
  };
  const end = () =>
    restarting
      .then(() => agent.stop())
      .then(
        () => process.exit(0),
        () => process.exit(1),
      );
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void end());
  const { miners, identified } = await agent.ready;
  console.log(
    JSON.stringify({ ready: true, siteId: config.siteId, gatewayId: config.gatewayId, miners, identified }),
  );
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
