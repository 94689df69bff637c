import { SqsStore } from '../../node_modules/fauxqs/dist/sqs/sqsStore.js';

const maxBodyBytes = 1024 * 1024;

/** A received message in Lambda's shape, before the event source mapping adds where it came from. */
export type ReceivedMessage = {
  readonly messageId: string;
  readonly receiptHandle: string;
  readonly body: string;
  readonly md5OfBody: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly messageAttributes: Readonly<Record<string, unknown>>;
};

/** Queues as the other local services use them: in process, without HTTP. Queues are named by URL or ARN. */
export type QueueHub = {
  readonly send: (queueUrlOrArn: string, body: string) => void;
  /** Waits up to `waitMs` for a first message; takes at most `max` (1 to 10) that are visible then. */
  readonly receive: (queueArn: string, max: number, waitMs: number) => Promise<readonly ReceivedMessage[]>;
  readonly remove: (queueArn: string, receiptHandle: string) => void;
  /** Messages that are not done: waiting, delayed or being worked on. */
  readonly open: (queueArn: string) => number;
  /** Ends every wait of a queue, so that its readers can stop. */
  readonly wake: (queueArn: string) => void;
};

export const createQueueHub = (store: SqsStore): QueueHub => {
  const find = (urlOrArn: string) => {
    const queue = urlOrArn.startsWith('arn:') ? store.getQueueByArn(urlOrArn) : store.getQueue(urlOrArn);
    if (!queue) throw new Error(`There is no queue ${urlOrArn.split(/[:/]/).at(-1)}`);
    return queue;
  };
  const take = (queueArn: string, max: number): ReceivedMessage[] => {
    const queue = find(queueArn);
    return queue
      .dequeue(Math.min(10, max), undefined, (arn) => store.getQueueByArn(arn))
      .map((received) => {
        const inflight = queue.inflightMessages.get(received.ReceiptHandle)?.message;
        return {
          messageId: received.MessageId,
          receiptHandle: received.ReceiptHandle,
          body: received.Body,
          md5OfBody: received.MD5OfBody,
          attributes: {
            ApproximateReceiveCount: String(inflight?.approximateReceiveCount ?? 1),
            SentTimestamp: String(inflight?.sentTimestamp ?? 0),
            SenderId: '000000000000',
            ApproximateFirstReceiveTimestamp: String(inflight?.approximateFirstReceiveTimestamp ?? 0),
            ...(inflight?.messageGroupId && { MessageGroupId: inflight.messageGroupId }),
            ...(inflight?.messageDeduplicationId && {
              MessageDeduplicationId: inflight.messageDeduplicationId,
            }),
            ...(inflight?.sequenceNumber && { SequenceNumber: inflight.sequenceNumber }),
          },
          messageAttributes: Object.fromEntries(
            Object.entries(received.MessageAttributes ?? {}).map(
              ([name, { DataType, StringValue, BinaryValue }]) => [
                name,
                {
                  dataType: DataType,
                  stringValue: StringValue,
                  binaryValue: BinaryValue,
                  stringListValues: [],
                  binaryListValues: [],
                },
              ],
            ),
          ),
        };
      });
  };
  return {
    send: (queueUrlOrArn, body) => {
      if (Buffer.byteLength(body) > maxBodyBytes) throw new Error('The message is larger than 1 MiB');
      const queue = find(queueUrlOrArn);
      const delaySeconds = Number(queue.attributes.DelaySeconds ?? 0);
      if (!queue.isFifo())
        return queue.enqueue(SqsStore.createMessage(body, {}, delaySeconds > 0 ? delaySeconds : undefined));
      const id = SqsStore.contentBasedDeduplicationId(body);
      if (queue.checkDeduplication(id).isDuplicate) return;
      const message = SqsStore.createMessage(body, {}, undefined, 'local', id);
      message.sequenceNumber = queue.nextSequenceNumber();
      queue.recordDeduplication(id, message.messageId, message.sequenceNumber);
      queue.enqueue(message);
    },
    receive: async (queueArn, max, waitMs) => {
      const first = take(queueArn, max);
      if (first.length > 0 || waitMs <= 0) return first;
      await find(queueArn).waitForMessages(waitMs / 1000);
      return take(queueArn, max);
    },
    remove: (queueArn, receiptHandle) => {
      find(queueArn).deleteMessage(receiptHandle);
    },
    open: (queueArn) => {
      const { messages, delayedMessages, inflightMessages } = find(queueArn);
      return messages.length + delayedMessages.length + inflightMessages.size;
    },
    wake: (queueArn) => find(queueArn).cancelWaiters(),
  };
};
