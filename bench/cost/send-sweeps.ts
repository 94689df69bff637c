import type { MinerReading } from '../../contracts/reading.ts';
import { encodeBatch, maxBatchBytes } from '../../contracts/telemetry-batch.ts';
import { topics, uplinks } from '../../contracts/topics.ts';
import type { EdgeBus } from '../../edge-greengrass/bus/edge-bus.ts';
import { mqttBusOf } from '../../edge-greengrass/bus/mqtt-bus.ts';
import { until } from '../../local/loop/until.ts';
import type { RegisteredGateway } from './register.ts';
import type { VirtualCloud } from './virtual-cloud.ts';

const minersPerShard = 1_000;
const silent = () => undefined;

export type Sent = { readonly batches: number; readonly readings: number; readonly bytes: number };

type Line = {
  readonly gateway: RegisteredGateway;
  readonly bus: EdgeBus;
  sequence: number;
  /** The last sequence of each shard. */
  readonly previous: Map<number, number>;
};

/**
 * The gateways' lines over MQTT: every sweep is one batch for each shard of 1,000 miners, in the edge's form, in sequence. Each is let through to its end
 * before the next, as gateways spread their sweeps over the minute: so each is an invocation of its own.
 */
export const openGateways = async (cloud: VirtualCloud, gateways: readonly RegisteredGateway[]) => {
  const lines = await Promise.all(
    gateways.map(async (gateway): Promise<Line> => {
      const bus = mqttBusOf(gateway.line, gateway.gatewayId, 60_000, silent);
      bus.subscribe(topics.receipt(gateway), async () => undefined);
      bus.subscribe(topics.commandRequest(gateway), async () => undefined);
      await bus.open();
      await until('the line is up', 20_000, async () => bus.isUp() || undefined);
      return { gateway, bus, sequence: 0, previous: new Map() };
    }),
  );
  const sent = { batches: 0, readings: 0, bytes: 0 };

  /** In as many batches as they need. */
  const send = async (line: Line, shard: number, readings: readonly MinerReading[]): Promise<void> => {
    const { siteId, gatewayId } = line.gateway;
    const sequence = line.sequence + 1;
    const previousSequence = line.previous.get(shard) ?? 0;
    const place = { siteId, gatewayId, shard, sequence, previousSequence, createdAtMs: cloud.nowMs() };
    const bytes = encodeBatch({ ...place, readings });
    if (bytes.length > maxBatchBytes) {
      const middle = Math.ceil(readings.length / 2);
      await send(line, shard, readings.slice(0, middle));
      return send(line, shard, readings.slice(middle));
    }
    line.sequence = sequence;
    line.previous.set(shard, sequence);
    await line.bus.publish(uplinks.telemetry(line.gateway), bytes);
    await cloud.idle();
    sent.batches++;
    sent.readings += readings.length;
    sent.bytes += bytes.length;
  };

  return {
    /** One sweep, or several that are sent together. */
    sweep: async (readingsOf: readonly ((miner: number) => MinerReading)[]) => {
      for (const line of lines) {
        const { first, miners } = line.gateway;
        for (let from = 0; from < miners; from += minersPerShard) {
          const shard = Array.from(
            { length: Math.min(minersPerShard, miners - from) },
            (_, at) => first + from + at,
          );
          await send(
            line,
            from / minersPerShard,
            readingsOf.flatMap((readingOf) => shard.map(readingOf)),
          );
        }
      }
    },
    sent: (): Sent => ({ ...sent }),
    close: () => Promise.all(lines.map(({ bus }) => bus.close())),
  };
};
export type Gateways = Awaited<ReturnType<typeof openGateways>>;
