import { fork } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Aedes } from 'aedes';
import { topics, uplinks } from '../contracts/topics.ts';
import { gatewayLimits } from '../edge-greengrass/config.ts';
import type { Bench, Watcher } from './bench.ts';
import { modelReadings } from './outage-readings.ts';
import { outageReceiver } from './outage-receiver.ts';
import { type FromGateway, fromGateway, type OutageTask, place } from './outage-words.ts';
import { quantile } from './quantiles.ts';

export type OutageOptions = {
  readonly miners: number;
  /** How long the line is down, one sweep a minute. */
  readonly hours: number;
  readonly seed: number;
};

type Said<Kind extends FromGateway['said']> = Extract<FromGateway, { said: Kind }>;

const runPart = <Kind extends FromGateway['said']>(task: OutageTask, kind: Kind, { progress }: Watcher) =>
  new Promise<Said<Kind>>((resolve, reject) => {
    const child = fork(join(import.meta.dirname, 'outage-gateway.ts'), [JSON.stringify(task)], {
      execArgv: ['--disable-warning=ExperimentalWarning'],
    });
    const isKind = (words: FromGateway): words is Said<Kind> => words.said === kind;
    let result: Said<Kind> | undefined;
    child.on('message', (message) => {
      const words = fromGateway.parse(message);
      if (words.said === 'progress') progress(words.done, words.all, words.what);
      else if (words.said === 'failed') reject(new Error(words.reason));
      else if (isKind(words)) result = words;
    });
    child.once('error', reject);
    child.once('exit', (code) => {
      if (result) resolve(result);
      else reject(new Error(`The gateway ended with ${code} while it should ${task.part}`));
    });
  });

/** A broker on loopback behind which every reading is counted; gives receipts as the cloud does, only more often. */
const startCloud = async (task: Pick<OutageTask, 'miners' | 'startMs'>) => {
  const receiver = outageReceiver({ place, ...task });
  const broker = await Aedes.createBroker();
  const server = createServer(broker.handle);
  const port = await new Promise<number>((resolve) =>
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(address && typeof address !== 'string' ? address.port : 0);
    }),
  );
  broker.subscribe(
    uplinks.telemetry(place),
    (packet, done) => {
      receiver.take(Buffer.from(packet.payload));
      done();
    },
    () => undefined,
  );
  const receipts = setInterval(() => {
    const payload = receiver.receipt(Date.now());
    if (payload)
      broker.publish(
        {
          cmd: 'publish',
          topic: topics.receipt(place),
          payload: Buffer.from(payload),
          qos: 1,
          dup: false,
          retain: false,
        },
        () => undefined,
      );
  }, 1_000);
  return {
    port,
    receiver,
    close: async () => {
      clearInterval(receipts);
      await new Promise<void>((resolve) => broker.close(() => resolve()));
      server.close();
    },
  };
};

const mb = (bytes: number) => Math.round(bytes / 2 ** 20);
const tenth = (value: number) => Math.round(value * 10) / 10;
const minutesOf = (seconds: number) => tenth(seconds / 60);

/**
 * Figure 6: an outage of the line. The gateway's own spool on a clock that is ahead, then two drains of equal spools: over a real
 * broker as fast as it goes, and on a virtual clock at AWS's limits.
 */
export const benchOutage: Bench<OutageOptions> = async ({ miners, hours, seed }, watcher) => {
  const directory = mkdtempSync(join(tmpdir(), 'hashinsight-outage-'));
  const spoolIn = (name: string) => {
    const path = join(directory, name);
    mkdirSync(path, { recursive: true });
    return path;
  };
  try {
    watcher.say('Polling simulated miners for what readings are like');
    const model = join(directory, 'model.json');
    writeFileSync(model, JSON.stringify(await modelReadings(seed)));
    const minutes = hours * 60;
    const startMs = Math.floor((Date.now() - minutes * 60_000) / 300_000) * 300_000;
    const task = { model, miners, minutes, startMs, seed, port: 0 };
    const spooled = await runPart(
      { ...task, part: 'spool', directory: spoolIn('first') },
      'spooled',
      watcher,
    );
    copyFileSync(join(directory, 'first', 'gateway.db'), join(spoolIn('second'), 'gateway.db'));
    const cloud = await startCloud(task);
    const drained = await runPart(
      { ...task, part: 'drain', directory: spoolIn('first'), port: cloud.port },
      'drained',
      watcher,
    );
    await cloud.close();
    const overMqtt = cloud.receiver.counted();
    rmSync(join(directory, 'first'), { recursive: true });
    const paced = await runPart({ ...task, part: 'pace', directory: spoolIn('second') }, 'paced', watcher);

    const readings = miners * minutes;
    const live = miners * paced.sweeps;
    const lost = {
      overMqtt: readings - overMqtt.readings,
      paced: readings + live - paced.counted.readings,
    };
    const write = {
      p50Ms: tenth(quantile(spooled.writeMs, 0.5)),
      p95Ms: tenth(quantile(spooled.writeMs, 0.95)),
      maxMs: tenth(Math.max(...spooled.writeMs)),
    };
    return {
      figures: {
        miners,
        hours,
        readings,
        spool: {
          batches: spooled.batches,
          payloadBytes: spooled.payloadBytes,
          diskBytes: spooled.diskBytes,
          bytesPerReading: spooled.diskBytes / readings,
          writeMs: write,
          memory: spooled.memory,
        },
        overMqtt: { ...drained, ...overMqtt, lost: lost.overMqtt },
        atAwsLimits: {
          ...paced,
          freshDelayMs: undefined,
          freshP95Ms: quantile(paced.freshDelayMs, 0.95),
          lost: lost.paced,
        },
      },
      tables: [
        {
          title: `An outage of ${hours} h with ${miners.toLocaleString('en-US')} miners: the spool`,
          rows: [
            {
              readings,
              batches: spooled.batches,
              'on disk, MB': mb(spooled.diskBytes),
              'bytes a reading': tenth(spooled.diskBytes / readings),
              'write a sweep, p50 ms': write.p50Ms,
              'p95 ms': write.p95Ms,
              'most ms': write.maxMs,
              'peak memory, MB': spooled.memory.peakMb ?? spooled.memory.rssMb,
            },
          ],
        },
        {
          title: 'The drain',
          rows: [
            {
              line: 'at the limits of AWS (virtual clock)',
              minutes: minutesOf(paced.virtualS),
              'publishes, most in 1 s': paced.mostPublishes,
              'KiB, most in 1 s': tenth(paced.mostBytes / 1_024),
              unacknowledged: paced.mostFlying,
              'readings lost': lost.paced,
              doubled: paced.counted.doubled + paced.counted.foreign,
              'peak memory, MB': paced.memory.peakMb ?? paced.memory.rssMb,
            },
            {
              line: 'MQTT on loopback, unpaced (real clock)',
              minutes: minutesOf(drained.seconds),
              'publishes, most in 1 s': '–',
              'KiB, most in 1 s': '–',
              unacknowledged: gatewayLimits.parse({}).publishesInFlight,
              'readings lost': lost.overMqtt,
              doubled: overMqtt.doubled + overMqtt.foreign,
              'peak memory, MB': drained.memory.peakMb ?? drained.memory.rssMb,
            },
          ],
        },
      ],
      notes: [
        `Sweeps go on during the drain and are sent first: ${tenth(quantile(paced.freshDelayMs, 0.95) / 1_000)} s after they were made (p95), ${tenth(Math.max(...paced.freshDelayMs) / 1_000)} s at most.`,
        `Opening the spool takes ${tenth(drained.openMs)} ms and ${drained.opened.rssMb} MB resident. The paced drain's memory holds the counting receiver, too.`,
        `Readings are counted behind the decoder by miner and sample time: ${overMqtt.readings.toLocaleString('en-US')} over MQTT, ${paced.counted.readings.toLocaleString('en-US')} at the pace of AWS with those of the sweeps meanwhile. Batches that came twice: ${overMqtt.repeated} and ${paced.counted.repeated}.`,
        `The gateway used ${tenth(drained.cpuS)} s of processor time for the unpaced drain.`,
      ],
    };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
};
