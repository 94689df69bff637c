import { describe, expect, it } from 'vitest';
import type { InvocationOutcome } from '../ports.ts';
import type { ReceivedMessage } from '../sqs/queue-hub.ts';
import { eventually } from '../testing/test-app.ts';
import { doneMessages, startSqsMapping } from './sqs-mapping.ts';

const message = (messageId: string, body = messageId): ReceivedMessage => ({
  messageId,
  body,
  receiptHandle: `handle-${messageId}`,
  md5OfBody: '',
  attributes: {},
  messageAttributes: {},
});
const batch = [message('a'), message('b')];
const ok = (payload: unknown): InvocationOutcome => ({ ok: true, payload });

describe('which messages of a batch are done', () => {
  it.each<[string, InvocationOutcome, boolean, string[]]>([
    ['a failed function', { ok: false, errorType: 'Error', errorMessage: '' }, true, []],
    [
      'any answer without failure reports',
      ok({ batchItemFailures: [{ itemIdentifier: 'a' }] }),
      false,
      ['a', 'b'],
    ],
    ['no answer', ok(null), true, ['a', 'b']],
    ['an empty list', ok({ batchItemFailures: [] }), true, ['a', 'b']],
    ['a null list', ok({ batchItemFailures: null }), true, ['a', 'b']],
    ['one failure', ok({ batchItemFailures: [{ itemIdentifier: 'a' }] }), true, ['b']],
    ['an unknown identifier', ok({ batchItemFailures: [{ itemIdentifier: 'z' }] }), true, []],
    ['an empty identifier', ok({ batchItemFailures: [{ itemIdentifier: '' }] }), true, []],
    ['a malformed answer', ok({ batchItemFailures: [{ id: 'a' }] }), true, []],
  ])('%s', (_name, outcome, reports, expected) => {
    expect(doneMessages(batch, outcome, reports).map(({ messageId }) => messageId)).toEqual(expected);
  });
});

describe('batches', () => {
  const queuesOf = (messages: ReceivedMessage[]) => {
    const removed: string[] = [];
    let wake = () => {};
    return {
      removed,
      hub: {
        send: () => {},
        receive: async (_arn: string, max: number, waitMs: number) => {
          if (messages.length === 0 && waitMs > 0) await new Promise<void>((resolve) => (wake = resolve));
          return messages.splice(0, max);
        },
        remove: (_arn: string, handle: string) => void removed.push(handle),
        open: () => 0,
        wake: () => wake(),
      },
    };
  };
  const settings = {
    queueArn: 'arn:aws:sqs:us-east-1:000000000000:q',
    region: 'us-east-1',
    gatherMs: 0,
    reportsFailures: true,
    log: () => {},
  };

  it('are no larger than a Lambda event may be', async () => {
    const { hub, removed } = queuesOf(
      Array.from({ length: 8 }, (_, index) => message(String(index), 'x'.repeat(1024 * 1024))),
    );
    const sizes: number[] = [];
    const invoke = async (event: unknown) => {
      sizes.push(JSON.stringify(event).length);
      return ok(null);
    };
    const mapping = startSqsMapping({ ...settings, batchSize: 10, maxConcurrency: 2, queues: hub, invoke });
    await eventually(() => removed.length === 8);
    await mapping.close();
    expect(Math.max(...sizes)).toBeLessThan(6 * 1024 * 1024);
  });

  it('are in the function at most as many at once as configured', async () => {
    const { hub, removed } = queuesOf(Array.from({ length: 12 }, (_, index) => message(String(index))));
    let now = 0;
    let most = 0;
    const invoke = async () => {
      most = Math.max(most, ++now);
      await new Promise((resolve) => setTimeout(resolve, 5));
      now -= 1;
      return ok(null);
    };
    const mapping = startSqsMapping({ ...settings, batchSize: 2, maxConcurrency: 3, queues: hub, invoke });
    await eventually(() => removed.length === 12);
    await mapping.close();
    expect(most).toBe(3);
  });
});
