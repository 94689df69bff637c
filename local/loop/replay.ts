import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { SingleBar } from 'cli-progress';
import { type AlertAnswer, alertsAnswer } from '../../contracts/api-alerting.ts';
import { quarantineAnswer } from '../../contracts/api-telemetry-losses.ts';
import type { MinerReading } from '../../contracts/reading.ts';
import { mqttBusOf } from '../../edge-greengrass/bus/mqtt-bus.ts';
import { readBitaxeCsv, replay } from '../../edge-greengrass/replay.ts';
import { type ApiClient, apiClient } from '../api-client.ts';
import { buildStacks, cdkOut } from '../build.ts';
import { provision } from '../demo/provision.ts';
import { startRuntime } from '../runtime.ts';
import { checkTiers, type TierCheck } from './check-tiers.ts';
import { until } from './until.ts';

export type ReplayReport = {
  readonly files: readonly string[];
  readonly readings: number;
  readonly batches: number;
  readonly first: string;
  readonly last: string;
  readonly tookMs: number;
  readonly timesFasterThanLife: number;
  readonly setAside: number;
  readonly alerts: readonly Pick<
    AlertAnswer,
    'miner_id' | 'kind' | 'severity' | 'count' | 'first_sampled_at' | 'last_sampled_at' | 'reason' | 'status'
  >[];
  readonly tiers: readonly TierCheck[];
  readonly equal: boolean;
};

type ReplayRun = {
  readonly files: readonly string[];
  readonly stateDir: string;
  readonly port: number;
  readonly onStep: (step: string) => void;
};
const silent = () => undefined;

const planFrom = (readings: readonly MinerReading[]) => ({
  gatewayId: 'gw-replay-1',
  name: 'Recorded site · 录制站点',
  seed: 0,
  capacityKw: 1,
  withRule: false,
  miners: [...new Set(readings.map(({ minerId }) => minerId))].map((minerId) => ({
    miner_id: minerId,
    vendor: 'bitaxe' as const,
    model: 'Bitaxe Gamma',
    zone_id: 'desk',
    rated_hashrate_ths: 1.2,
    rated_power_w: 20,
  })),
});

/**
 * Sends recordings of real miners through the gateway's own path (batcher, spool, MQTT) into the local cloud, with their
 * own timestamps, and compares what the tiers then hold with the files.
 */
export const runReplay = async ({ files, stateDir, port, onStep }: ReplayRun): Promise<ReplayReport> => {
  const readings = files.flatMap(readBitaxeCsv);
  onStep('Building the stacks');
  await buildStacks();
  const runtime = await startRuntime({
    cdkOut,
    stateDir: join(stateDir, 'cloud'),
    port,
    onProgress: (step) => onStep(`Cloud: ${step}`),
  });
  try {
    onStep('Registering the recorded miners');
    const record = await provision(runtime.url, stateDir, planFrom(readings), silent);
    const { siteId, gatewayId } = record;
    const line = {
      host: record.mqttHost,
      port: record.mqttPort,
      caPath: runtime.mqtt.caPath,
      certPath: record.certificatePath,
      keyPath: record.privateKeyPath,
    };
    const bus = mqttBusOf(line, gatewayId, 30_000, silent);
    const bar = new SingleBar({
      format: '  {bar} {percentage}%  {value}/{total} readings  {when}',
      clearOnComplete: false,
      stopOnComplete: true,
      noTTYOutput: false,
    });
    const begun = performance.now();
    bar.start(readings.length, 0, { when: '' });
    const sent = await replay({
      bus,
      siteId,
      gatewayId,
      files,
      onProgress: ({ sent: done, atMs }) => bar.update(done, { when: new Date(atMs).toISOString() }),
    });
    bar.stop();
    await bus.close();
    const operator = await apiClient(runtime.url, 'operator@demo.local');
    onStep('Waiting until every tier has caught up');
    const tiers = await until('equal tiers', 60_000, async () => {
      const checks = await checkTiers(operator, siteId, readings);
      return checks.every(({ equal }) => equal) ? checks : undefined;
    }).catch(() => checkTiers(operator, siteId, readings));
    const tookMs = performance.now() - begun;
    const quarantine = await operator.call(
      'GET',
      `/api/v1/telemetry/quarantine?site_id=${siteId}`,
      quarantineAnswer,
    );
    return {
      files,
      readings: sent.readings,
      batches: sent.batches,
      first: new Date(sent.firstMs).toISOString(),
      last: new Date(sent.lastMs).toISOString(),
      tookMs: Math.round(tookMs),
      timesFasterThanLife: Math.round(recordedMs(readings) / tookMs),
      setAside: quarantine.count,
      alerts: (await allAlerts(operator, siteId)).map(
        ({ miner_id, kind, severity, count, first_sampled_at, last_sampled_at, reason, status }) => ({
          miner_id,
          kind,
          severity,
          count,
          first_sampled_at,
          last_sampled_at,
          reason,
          status,
        }),
      ),
      tiers,
      equal: tiers.every(({ equal }) => equal),
    };
  } finally {
    await runtime.close();
    rmSync(stateDir, { recursive: true, force: true });
  }
};

/** How long the recordings ran: pauses of more than ten minutes, such as between two files, do not count. */
const recordedMs = (readings: readonly MinerReading[]) => {
  const times = readings.map(({ sampledAtMs }) => sampledAtMs).toSorted((a, b) => a - b);
  return times.reduce((sum, at, index) => {
    const gap = at - (times[index - 1] ?? at);
    return gap <= 600_000 ? sum + gap : sum;
  }, 0);
};

const allAlerts = async (api: ApiClient, siteId: number) => {
  const alerts: AlertAnswer[] = [];
  let cursor = '';
  do {
    const page = await api.call(
      'GET',
      `/api/v1/alerts?site_id=${siteId}&limit=500${cursor && `&cursor=${encodeURIComponent(cursor)}`}`,
      alertsAnswer,
    );
    alerts.push(...page.alerts);
    cursor = page.next_cursor ?? '';
  } while (cursor);
  return alerts.toReversed();
};
