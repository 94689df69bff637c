import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  AttachPolicyCommand,
  AttachThingPrincipalCommand,
  CreateKeysAndCertificateCommand,
  CreateThingCommand,
  IoTClient,
} from '@aws-sdk/client-iot';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { mqttBusOf } from '../../edge-greengrass/bus/mqtt-bus.ts';
import { until } from '../../local/loop/until.ts';
import type { Usage } from '../../local/metering/meter.ts';
import { between, times, together } from '../../local/metering/usage.ts';
import type { Watcher } from '../bench.ts';
import { monthMinutes } from '../cost/bill.ts';
import { startVirtualCloud, type VirtualCloud } from '../cost/virtual-cloud.ts';
import { type ReadingModel, readingsOf } from '../outage-readings.ts';
import type { RollUp, Sample } from './sample.ts';
import { writeNaiveApp } from './write-app.ts';

export type NaivePlan = {
  readonly miners: number;
  readonly intervalS: number;
  readonly model: ReadingModel;
  readonly seed: number;
};
export type NaiveMeasured = {
  /** Of all the plan's miners. */
  readonly month: Usage;
  readonly measuredMiners: number;
  readonly messageBytes: number;
  readonly steps: readonly string[];
};

const minuteMs = 60_000;
const measuredMinutes = 60;
const siteId = 1;
const clientId = 'naive-gateway';
const silent = () => undefined;

const openLine = async ({ runtime }: VirtualCloud, directory: string) => {
  const client = { ...runtime.clientConfig, endpoint: runtime.endpoints.AWS_ENDPOINT_URL_IOT ?? '' };
  const iot = new IoTClient(client);
  await iot.send(new CreateThingCommand({ thingName: clientId }));
  const {
    certificateArn = '',
    certificatePem = '',
    keyPair,
  } = await iot.send(new CreateKeysAndCertificateCommand({ setAsActive: true }));
  await iot.send(new AttachPolicyCommand({ policyName: 'naive', target: certificateArn }));
  await iot.send(new AttachThingPrincipalCommand({ thingName: clientId, principal: certificateArn }));
  iot.destroy();
  mkdirSync(directory, { recursive: true });
  const [certPath, keyPath] = [join(directory, 'crt.pem'), join(directory, 'key.pem')];
  writeFileSync(certPath, certificatePem, { mode: 0o600 });
  writeFileSync(keyPath, keyPair?.PrivateKey ?? '', { mode: 0o600 });
  const { host, port, caPath } = runtime.mqtt;
  const bus = mqttBusOf({ host, port, caPath, certPath, keyPath }, clientId, 60_000, silent);
  await bus.open();
  await until('the line is up', 20_000, async () => bus.isUp() || undefined);
  return bus;
};

/** Reads of a day's roll-up grow with its 288 windows; the rest of it does not. */
const wholeDay = (day: Usage): Usage => ({
  ...day,
  'dynamodb.readRequestUnits': times(day, (24 * 60) / measuredMinutes)['dynamodb.readRequestUnits'] ?? {},
});

/** The naive design under the same meter: one message, one invocation and two items for each sample, on a few miners. */
export const measureNaive = async (
  { miners, intervalS, model, seed }: NaivePlan,
  watcher: Watcher,
): Promise<NaiveMeasured> => {
  const few = Math.min(miners, 30);
  const directory = mkdtempSync(join(tmpdir(), 'hashinsight-naive-'));
  let cloud: VirtualCloud | undefined;
  try {
    watcher.say('The naive design: starting its cloud');
    const cdkOut = await writeNaiveApp(directory);
    cloud = await startVirtualCloud({ cdkOut, stateDir: join(directory, 'cloud') });
    const { passTo, usage, idle, runtime } = cloud;
    const bus = await openLine(cloud, join(directory, 'line'));
    const lambda = new LambdaClient({
      ...runtime.clientConfig,
      endpoint: runtime.endpoints.AWS_ENDPOINT_URL_LAMBDA ?? '',
    });
    const startMs = Math.ceil(cloud.nowMs() / (60 * minuteMs)) * 60 * minuteMs;
    const readingOf = readingsOf(model, startMs, seed);
    const minerIds = Array.from({ length: few }, (_, miner) => readingOf(miner, 0).minerId);
    const rollUp = async (event: RollUp) => {
      const answer = await lambda.send(
        new InvokeCommand({ FunctionName: 'naive-rollUp', Payload: Buffer.from(JSON.stringify(event)) }),
      );
      if (answer.FunctionError) throw new Error('The naive roll-up failed');
    };
    let messageBytes = 0;
    let messages = 0;
    const minutes = async (from: number, to: number) => {
      for (let at = from; at < to; at += intervalS / 60) {
        await passTo(startMs + at * minuteMs + 10_000);
        for (let miner = 0; miner < few; miner++) {
          const { minerId, sampledAtMs, state, values } = readingOf(miner, at);
          const sample: Sample = {
            site_id: siteId,
            miner_id: minerId,
            sampled_at_ms: sampledAtMs,
            state,
            values,
          };
          const bytes = Buffer.from(JSON.stringify(sample));
          messageBytes += bytes.length;
          messages++;
          await bus.publish(`naive/${minerId}`, bytes);
          await idle();
        }
        watcher.progress(at - from, to - from, 'minutes of the naive design');
      }
    };
    const hour = async () => {
      for (let five = 0; five < measuredMinutes; five += 5) {
        await minutes(five, five + 5);
        const fromMs = startMs + five * minuteMs;
        await rollUp({ from: 'RAW', to: 'FIVE', minerIds, fromMs, toMs: fromMs + 5 * minuteMs });
      }
    };
    await minutes(-2, 0);
    const before = usage();
    await hour();
    const afterHour = usage();
    await rollUp({
      from: 'FIVE',
      to: 'DAY',
      minerIds,
      fromMs: startMs,
      toMs: startMs + measuredMinutes * minuteMs,
    });
    const day = between(afterHour, usage());
    await bus.close();
    lambda.destroy();
    const share = miners / few;
    const month = together(
      times(between(before, afterHour), (share * monthMinutes) / measuredMinutes),
      times(wholeDay(day), share * 30, 0),
    );
    return {
      // Kept items (the live ones) grow with the miners, the connection does not.
      month: { ...month, 'dynamodb.keptBytes': times(month, 1, share)['dynamodb.keptBytes'] ?? {} },
      measuredMiners: few,
      messageBytes: messageBytes / messages,
      steps: [
        `Naive design: ${measuredMinutes} minutes of ${few} miners, one message, one invocation, one raw item and one live item a sample, one five-minute item a window, one daily item a day: times ${Math.round(share)} for ${miners} miners, times ${monthMinutes / measuredMinutes} for 30 days; the daily roll-up read one hour of windows, its reads are taken 24 times.`,
      ],
    };
  } finally {
    await cloud?.close();
    rmSync(directory, { recursive: true, force: true });
  }
};
