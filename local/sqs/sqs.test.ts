import { randomUUID } from 'node:crypto';
import {
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startFauxqsServer } from '../shared/fauxqs-server.ts';
import { clientOf, peerEndpoint } from '../testing/peer.ts';
import { eventually, temporaryDirectory } from '../testing/test-app.ts';
import { startSqs } from './start-sqs.ts';

const startLocal = async () => {
  const directory = temporaryDirectory();
  const server = await startFauxqsServer(directory.path);
  const close = async () => {
    await server.close();
    directory[Symbol.dispose]();
  };
  return { endpoint: server.endpoint, close };
};

/** What every SQS must do; ours, and any other that is reachable. */
const contract =
  (start: () => Promise<{ readonly endpoint: string; readonly close: () => Promise<void> }>) => () => {
    let sqs: SQSClient;
    let close: () => Promise<void>;
    beforeAll(async () => {
      const service = await start();
      ({ close } = service);
      sqs = new SQSClient(clientOf(service.endpoint));
    });
    afterAll(() => close?.());

    const newQueue = async (Attributes: Record<string, string> = {}) => {
      const { QueueUrl = '' } = await sqs.send(
        new CreateQueueCommand({ QueueName: `q-${randomUUID()}`, Attributes }),
      );
      const all = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }));
      return { QueueUrl, arn: all.Attributes?.QueueArn ?? '' };
    };
    const receive = async (QueueUrl: string, WaitTimeSeconds = 0) =>
      (
        await sqs.send(
          new ReceiveMessageCommand({
            QueueUrl,
            MaxNumberOfMessages: 10,
            WaitTimeSeconds,
            MessageSystemAttributeNames: ['All'],
            MessageAttributeNames: ['All'],
          }),
        )
      ).Messages ?? [];

    it('gives a message with its attributes, and not again while it is in flight', async () => {
      const { QueueUrl } = await newQueue();
      const attribute = { StringValue: 'v', DataType: 'String' };
      await sqs.send(
        new SendMessageCommand({ QueueUrl, MessageBody: 'ä ☃', MessageAttributes: { a: attribute } }),
      );
      const [message] = await receive(QueueUrl, 2);
      expect(message).toMatchObject({
        Body: 'ä ☃',
        Attributes: { ApproximateReceiveCount: '1' },
        MessageAttributes: { a: attribute },
      });
      expect(await receive(QueueUrl)).toEqual([]);
    });

    it('gives it again when its time is over, and not after it was deleted', async () => {
      const { QueueUrl } = await newQueue({ VisibilityTimeout: '1' });
      await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'again' }));
      const [first] = await receive(QueueUrl, 2);
      const [second] = await receive(QueueUrl, 5);
      expect([second?.MessageId, second?.Attributes?.ApproximateReceiveCount]).toEqual([
        first?.MessageId,
        '2',
      ]);
      await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: second?.ReceiptHandle }));
      expect(await receive(QueueUrl, 2)).toEqual([]);
    });

    it('gives it back at once when its visibility is set to 0', async () => {
      const { QueueUrl } = await newQueue();
      await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'back' }));
      const [message] = await receive(QueueUrl, 2);
      await sqs.send(
        new ChangeMessageVisibilityCommand({
          QueueUrl,
          ReceiptHandle: message?.ReceiptHandle,
          VisibilityTimeout: 0,
        }),
      );
      expect((await receive(QueueUrl, 2)).map(({ Body }) => Body)).toEqual(['back']);
    });

    it('moves it to the dead-letter queue after its last receive', async () => {
      const dead = await newQueue();
      const { QueueUrl } = await newQueue({
        VisibilityTimeout: '0',
        RedrivePolicy: JSON.stringify({ deadLetterTargetArn: dead.arn, maxReceiveCount: '2' }),
      });
      await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'poison' }));
      for (const _ of [1, 2]) await eventually(async () => (await receive(QueueUrl, 1))[0]);
      expect(await receive(QueueUrl, 1)).toEqual([]);
      expect((await receive(dead.QueueUrl, 2)).map(({ Body }) => Body)).toEqual(['poison']);
    });

    it('takes and deletes batches', async () => {
      const { QueueUrl } = await newQueue();
      const Entries = ['a', 'b', 'c'].map((Id) => ({ Id, MessageBody: `body ${Id}` }));
      expect((await sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries }))).Successful).toHaveLength(3);
      const messages = await receive(QueueUrl, 2);
      expect(messages.map(({ Body }) => Body).toSorted()).toEqual(['body a', 'body b', 'body c']);
      const handles = messages.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }));
      expect(
        (await sqs.send(new DeleteMessageBatchCommand({ QueueUrl, Entries: handles }))).Successful,
      ).toHaveLength(3);
    });

    it('refuses an unknown queue by the documented name', async () => {
      const QueueUrl = (await newQueue()).QueueUrl.replace(/[^/]+$/, 'none');
      await expect(sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'x' }))).rejects.toMatchObject({
        name: 'QueueDoesNotExist',
      });
    });
  };

describe('the SQS contract, local', contract(startLocal));
const peer = peerEndpoint('SQS');
describe.skipIf(!peer)(
  'the SQS contract, peer',
  contract(async () => ({ endpoint: peer ?? '', close: async () => {} })),
);

describe('queues in process', () => {
  const started = async () => {
    const directory = temporaryDirectory();
    const server = await startFauxqsServer(directory.path);
    const sqs = await startSqs({ region: 'us-east-1', accountId: '000000000000' }, server);
    const create = async (logicalId: string, properties: Record<string, unknown> = {}) =>
      sqs.resources['AWS::SQS::Queue']?.({ stack: 'App', logicalId, type: 'AWS::SQS::Queue', properties });
    return {
      sqs,
      create,
      [Symbol.asyncDispose]: async () => {
        await server.close();
        directory[Symbol.dispose]();
      },
    };
  };

  it('wake a waiting reader at once', async () => {
    await using runtime = await started();
    const arn = (await runtime.create('Q'))?.attributes?.Arn ?? '';
    const waiting = runtime.sqs.queues.receive(arn, 10, 60_000);
    runtime.sqs.queues.send(arn, 'now');
    expect((await waiting).map(({ body }) => body)).toEqual(['now']);
  });

  it('refuse what is too large, and a queue that does not exist', async () => {
    await using runtime = await started();
    const arn = (await runtime.create('Q'))?.attributes?.Arn ?? '';
    expect(() => runtime.sqs.queues.send(arn, 'x'.repeat(1024 * 1024 + 1))).toThrow('larger than 1 MiB');
    expect(() => runtime.sqs.queues.send('arn:aws:sqs:us-east-1:000000000000:none', 'x')).toThrow(
      'There is no queue none',
    );
  });

  it('take changed settings at the next start without losing messages', async () => {
    await using runtime = await started();
    const arn = (await runtime.create('Q', { VisibilityTimeout: 60 }))?.attributes?.Arn ?? '';
    runtime.sqs.queues.send(arn, 'kept');
    await runtime.create('Q', { VisibilityTimeout: 0 });
    for (const _ of [1, 2])
      expect((await runtime.sqs.queues.receive(arn, 1, 1_000)).map(({ body }) => body)).toEqual(['kept']);
  });

  it('keep the order of a FIFO queue and send one body once', async () => {
    await using runtime = await started();
    const created = await runtime.create('Q', { FifoQueue: true, ContentBasedDeduplication: true });
    const arn = created?.attributes?.Arn ?? '';
    expect(arn).toMatch(/\.fifo$/);
    for (const body of ['1', '2', '1']) runtime.sqs.queues.send(arn, body);
    const bodies: string[] = [];
    for (const _ of [1, 2]) {
      const [message] = await runtime.sqs.queues.receive(arn, 1, 1_000);
      bodies.push(message?.body ?? '');
      runtime.sqs.queues.remove(arn, message?.receiptHandle ?? '');
    }
    expect([bodies, await runtime.sqs.queues.receive(arn, 1, 0)]).toEqual([['1', '2'], []]);
  });
});
