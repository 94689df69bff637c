import * as z from 'zod';
import type { Meter } from './meter.ts';

/**
 * The lines that Lambda itself writes for each invocation with JSON logs at their default level, in their usual length:
 * platform.start and platform.report, the latter with its tracing part.
 */
const start = {
  time: '2026-11-21T10:30:00.000Z',
  type: 'platform.start',
  record: { requestId: '6f747abb-0eb4-4cd1-8a5c-9d8e0f3f2b60', version: '$LATEST' },
};
const report = {
  time: '2026-11-21T10:30:00.123Z',
  type: 'platform.report',
  record: {
    requestId: '6f747abb-0eb4-4cd1-8a5c-9d8e0f3f2b60',
    metrics: { durationMs: 101.516, billedDurationMs: 102, memorySizeMB: 1024, maxMemoryUsedMB: 140 },
    tracing: {
      spanId: '53a2f8a80cf97d2a',
      type: 'X-Amzn-Trace-Id',
      value:
        'Root=1-673f0d58-51e4a5b52c6d3d5f0b5f2d11;Parent=4c2f0d6a1b3e5f70;Sampled=1;Lineage=1:2a3b4c5d:0',
    },
    status: 'success',
  },
};
/** What CloudWatch Logs adds to the bytes of each event. */
const eventOverheadBytes = 26;
const invocationLogBytes = [start, report].reduce(
  (sum, line) => sum + Buffer.byteLength(JSON.stringify(line)) + eventOverheadBytes,
  0,
);

const embedded = z.looseObject({
  _aws: z.object({
    CloudWatchMetrics: z.array(
      z.object({
        Namespace: z.string(),
        Dimensions: z.array(z.array(z.string())),
        Metrics: z.array(z.object({ Name: z.string() })),
      }),
    ),
  }),
});

/** The custom metrics that a log line in the embedded metric format makes: each name with each set of dimension values. */
export const metricsOf = (line: string): string[] => {
  if (!line.includes('"CloudWatchMetrics"')) return [];
  let parsed: unknown;
  try {
    parsed = JSON.parse(line);
  } catch {
    return [];
  }
  const found = embedded.safeParse(parsed).data;
  if (!found) return [];
  return found._aws.CloudWatchMetrics.flatMap(({ Namespace, Dimensions, Metrics }) =>
    (Dimensions.length > 0 ? Dimensions : [[]]).flatMap((names) => {
      const values = names.map((name) => `${name}=${String(found[name])}`).join(',');
      return Metrics.map(({ Name }) => `${Namespace} ${Name} ${values}`.trim());
    }),
  );
};

/** Reports what one function uses: its invocations, their time and memory, and what it writes to its log. */
export const functionMeter = (
  meter: Meter,
  name: string,
  { memoryMb, isTraced }: { readonly memoryMb: number; readonly isTraced: boolean },
) => {
  let rest = '';
  const seconds = (ms: number) => (Math.ceil(ms) / 1000) * (memoryMb / 1024);
  return {
    /** Billed to the next millisecond. */
    invoked: (durationMs: number) => {
      meter.count('lambda.requests', name, 1);
      meter.count('lambda.gbSeconds', name, seconds(durationMs));
      meter.count('logs.ingestedBytes', name, invocationLogBytes);
      if (isTraced) meter.count('xray.tracedRequests', name, 1);
    },
    /** The start of an environment, which is billed as running. */
    started: (initMs: number) => meter.count('lambda.gbSeconds', name, seconds(initMs)),
    wrote: (chunk: Buffer | string) => {
      const lines = (rest + chunk.toString()).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        if (line === '') continue;
        meter.count('logs.ingestedBytes', name, Buffer.byteLength(line) + eventOverheadBytes);
        for (const metric of metricsOf(line)) meter.see('cloudwatch.customMetrics', metric);
      }
    },
  };
};
export type FunctionMeter = ReturnType<typeof functionMeter>;
