import { destinationOf } from '../iot/topic-filter.ts';
import { chunks, type Meter } from './meter.ts';

const messageBytes = 5 * 1024;
const sizeOf = (topic: string, payload: Buffer | string) =>
  Buffer.byteLength(topic) + Buffer.byteLength(payload);

/**
 * Reports what IoT Core bills, in pieces of 5 KB of topic and payload: messages in and out (Basic Ingest in is free), what a
 * device says to connect, to subscribe and to acknowledge, rules triggered, and actions by the size of what they hand on.
 */
export const iotMeter = (meter: Meter) => ({
  published: (topic: string, payload: Buffer | string) => {
    const unit =
      destinationOf(topic).basicIngestRule === undefined ? 'iot.messages' : 'iot.basicIngestMessages';
    meter.count(unit, 'published', chunks(sizeOf(topic, payload), messageBytes));
  },
  delivered: (topic: string, payload: Buffer | string, qos: number) => {
    const bytes = sizeOf(topic, payload);
    meter.count('iot.messages', 'delivered', chunks(bytes, messageBytes));
    if (qos > 0) meter.count('iot.messages', 'acknowledged by devices', 1);
    meter.count('transfer.outBytes', 'to gateways', bytes);
  },
  connected: () => {
    meter.count('iot.messages', 'connects', 1);
    meter.count('iot.connections', 'gateways', 1);
  },
  disconnected: () => meter.count('iot.connections', 'gateways', -1),
  subscribed: () => meter.count('iot.messages', 'subscribes', 1),
  triggered: (rule: string, topic: string, payload: Buffer) =>
    meter.count('iot.rulesTriggered', rule, chunks(sizeOf(topic, payload), messageBytes)),
  performed: (rule: string, output: Buffer) =>
    meter.count('iot.actionsExecuted', rule, chunks(output.length, messageBytes)),
});
export type IotMeter = ReturnType<typeof iotMeter>;
