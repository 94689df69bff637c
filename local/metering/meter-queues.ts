import type { QueueHub } from '../sqs/queue-hub.ts';
import { chunks, type Meter } from './meter.ts';

const chunkBytes = 64 * 1024;
const nameOf = (urlOrArn: string) => urlOrArn.split(/[:/]/).at(-1) ?? '';

/** Requests of SDK clients by the larger of request and answer, in pieces of 64 KB. */
export const countQueueRequest = (meter: Meter, requestBytes: number, responseBytes: number) =>
  meter.count('sqs.requests', 'by functions', chunks(Math.max(requestBytes, responseBytes), chunkBytes));

/**
 * The queues, which report requests: sends and filled receives in pieces of 64 KB, and one deletion for each ten messages, as Lambda deletes
 * batches. Receives that find nothing are not counted, as Lambda polls in another way than the local runtime: the bill
 * adds them by the number of queues that feed functions.
 */
export const meteredQueues = (queues: QueueHub, meter: Meter): QueueHub => ({
  ...queues,
  send: (queue, body) => {
    meter.count('sqs.requests', `${nameOf(queue)} sends`, chunks(Buffer.byteLength(body), chunkBytes));
    queues.send(queue, body);
  },
  receive: async (queue, max, waitMs) => {
    const messages = await queues.receive(queue, max, waitMs);
    const bytes = messages.reduce((sum, { body }) => sum + Buffer.byteLength(body), 0);
    if (messages.length === 0) return messages;
    meter.count('sqs.requests', `${nameOf(queue)} receives`, chunks(bytes, chunkBytes));
    meter.count('sqs.requests', `${nameOf(queue)} deletions`, 1);
    return messages;
  },
});
