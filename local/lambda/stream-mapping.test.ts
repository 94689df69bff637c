import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import type { InvocationOutcome, StreamReader, StreamRecord } from '../ports.ts';
import { type StreamMappingOptions, startStreamMapping } from './stream-mapping.ts';

const record = (sequence: number): StreamRecord => ({
  eventID: String(sequence),
  eventName: 'INSERT',
  eventVersion: '1.1',
  eventSource: 'aws:dynamodb',
  awsRegion: 'us-east-1',
  eventSourceARN: 'arn:stream',
  dynamodb: {
    ApproximateCreationDateTime: Date.now() / 1000,
    Keys: {},
    SequenceNumber: String(sequence),
    SizeBytes: 1,
    StreamViewType: 'NEW_AND_OLD_IMAGES',
  },
});
const records = [1, 2, 3, 4].map(record);
const eventShape = z.object({ Records: z.array(z.object({ eventID: z.string() })) });
const failed: InvocationOutcome = { ok: false, errorType: 'Error', errorMessage: 'no' };
const fine: InvocationOutcome = { ok: true, payload: null };
const failingFrom = (id: string): InvocationOutcome => ({
  ok: true,
  payload: { batchItemFailures: [{ itemIdentifier: id }] },
});

/** A mapping over a stream that the test drives by hand. `answer` sees the ids of each attempt. */
const mappingOf = (
  answer: (ids: string[], attempt: number) => InvocationOutcome,
  options: Partial<StreamMappingOptions> = {},
) => {
  const attempts: string[][] = [];
  const aside: { readonly queue: string; readonly body: string }[] = [];
  let reader: StreamReader | undefined;
  const mapping = startStreamMapping({
    name: 'm',
    streamArn: 'arn:stream',
    functionArn: 'arn:fn',
    startingPosition: 'TRIM_HORIZON',
    batchSize: 10,
    gatherMs: 0,
    reportsFailures: true,
    bisects: false,
    maxRetries: -1,
    maxAgeSeconds: -1,
    streams: {
      subscribe: (_arn, given) => {
        reader = given;
        return { close: async () => {} };
      },
    },
    sendToQueue: async (queue, body) => void aside.push({ queue, body }),
    invoke: async (event) => {
      const ids = eventShape.parse(event).Records.map(({ eventID }) => eventID);
      attempts.push(ids);
      return answer(ids, attempts.length);
    },
    log: () => {},
    ...options,
  });
  return { mapping, attempts, aside, deliver: async () => reader?.deliver(records) };
};

describe('a stream mapping', () => {
  it('goes on from the first record that failed', async () => {
    const { deliver, attempts } = mappingOf((ids) =>
      ids.includes('3') && ids.length > 2 ? failingFrom('3') : fine,
    );
    await deliver();
    expect(attempts).toEqual([
      ['1', '2', '3', '4'],
      ['3', '4'],
    ]);
  });

  it('tries a failing batch again until it succeeds', async () => {
    const { deliver, attempts } = mappingOf((_ids, attempt) => (attempt < 3 ? failed : fine));
    await deliver();
    expect(attempts).toEqual(Array.from({ length: 3 }, () => ['1', '2', '3', '4']));
  });

  it('halves a failing batch until the bad record stands alone, and puts only that aside', async () => {
    const { deliver, attempts, aside } = mappingOf((ids) => (ids.includes('3') ? failed : fine), {
      bisects: true,
      maxRetries: 1,
      onFailureQueueArn: 'arn:queue',
    });
    await deliver();
    expect(attempts).toEqual([['1', '2', '3', '4'], ['1', '2'], ['3', '4'], ['3'], ['3'], ['4']]);
    expect(aside.map(({ queue }) => queue)).toEqual(['arn:queue']);
    expect(JSON.parse(aside[0]?.body ?? '{}')).toMatchObject({
      requestContext: { condition: 'RetryAttemptsExhausted', approximateInvokeCount: 2 },
      DDBStreamBatchInfo: { startSequenceNumber: '3', endSequenceNumber: '3', batchSize: 1 },
    });
  });

  it('gives up on records that are too old', async () => {
    const { deliver, attempts, aside } = mappingOf(() => failed, {
      maxAgeSeconds: 0,
      onFailureQueueArn: 'arn:queue',
    });
    await deliver();
    expect([attempts.length, aside.length]).toEqual([1, 1]);
  });

  it.each([failingFrom('9'), { ok: true, payload: { batchItemFailures: 'x' } } as const])(
    'takes %j for the whole batch',
    async (bad) => {
      const { deliver, attempts } = mappingOf((_ids, attempt) => (attempt === 1 ? bad : fine));
      await deliver();
      expect(attempts).toHaveLength(2);
      expect(attempts[1]).toEqual(['1', '2', '3', '4']);
    },
  );

  it('leaves its records undone when it is closed while they fail', async () => {
    const { mapping, deliver } = mappingOf(() => failed);
    const delivered = deliver();
    await mapping.close();
    await expect(delivered).rejects.toThrow('The runtime is stopping');
  });
});
