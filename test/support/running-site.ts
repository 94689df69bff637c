import { join } from 'node:path';
import type { CommandEnvelope } from '../../contracts/command.ts';
import { commandEnvelope } from '../../contracts/command.ts';
import { envelopesIn } from '../../contracts/command-messages.ts';
import { type Agent, startAgent } from '../../edge-greengrass/agent.ts';
import type { EdgeBus } from '../../edge-greengrass/bus/edge-bus.ts';
import { mqttBusOf } from '../../edge-greengrass/bus/mqtt-bus.ts';
import { parseGatewayConfig } from '../../edge-greengrass/config.ts';
import type { RunningCloud } from './running-cloud.ts';

const quiet = () => {};

const lineOf = ({ runtime, record }: RunningCloud) => ({
  host: record.mqttHost,
  port: record.mqttPort,
  caPath: runtime.mqtt.caPath,
  certPath: record.certificatePath,
  keyPath: record.privateKeyPath,
});

export type RunningAgent = {
  readonly agent: Agent;
  /** Genuine envelopes as they came over the line. */
  readonly received: readonly CommandEnvelope[];
};

/** A real gateway over the real line, polling the simulated miners. */
export const startGateway = async (cloud: RunningCloud): Promise<RunningAgent> => {
  const { record, site, stateDir } = cloud;
  const config = parseGatewayConfig({
    siteId: record.siteId,
    gatewayId: record.gatewayId,
    pollIntervalMs: 400,
    mqtt: lineOf(cloud),
    hmacKeys: [{ keyId: record.hmacKeyId, secret: record.hmacSecret }],
    miners: site
      .inventory()
      .map(({ minerId, vendor, host, rpcPort, httpPort, username, password, model }) => ({
        minerId,
        vendor,
        host,
        rpcPort,
        ...(httpPort !== undefined && { httpPort }),
        ...(username !== undefined && { username }),
        ...(password !== undefined && { password }),
        model,
      })),
    limits: {
      connectMs: 500,
      exchangeMs: 700,
      sweepMs: 5_000,
      effectMs: 20_000,
      effectPollMs: 50,
      maxBackoffMs: 300,
      clockSkewMs: 2_000,
    },
  });
  const bus = mqttBusOf(lineOf(cloud), record.gatewayId, 5_000, quiet);
  const received: CommandEnvelope[] = [];
  const watched: EdgeBus = {
    ...bus,
    subscribe: (topic, receive) =>
      bus.subscribe(topic, async (payload) => {
        for (const one of envelopesIn(payload)) {
          const envelope = commandEnvelope.safeParse(jsonOf(one));
          if (envelope.success) received.push(envelope.data);
        }
        await receive(payload);
      }),
  };
  const agent = await startAgent(config, watched, { stateDir: join(stateDir, 'gateway'), log: quiet });
  await agent.ready;
  return { agent, received };
};

const jsonOf = (payload: Uint8Array): unknown => {
  try {
    return JSON.parse(Buffer.from(payload).toString('utf8'));
  } catch {
    return undefined;
  }
};
