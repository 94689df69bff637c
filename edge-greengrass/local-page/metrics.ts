import { monitorEventLoopDelay } from 'node:perf_hooks';
import { minerStates } from '../../contracts/reading.ts';
import { type SiteState, sweepBoundsS } from './site-state.ts';
import type { GatewayFacts, GatewayStatus } from './site-view.ts';

type Kind = 'gauge' | 'counter' | 'histogram';
type Sample = {
  readonly labels?: Readonly<Record<string, string | number>>;
  readonly suffix?: string;
  readonly value: number;
};

const escapeLabel = (text: string) =>
  text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"');
const labelsOf = (labels: Sample['labels'] = {}) => {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escapeLabel(String(value))}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
};

/** One family in Prometheus' text format 0.0.4. */
const family = (name: string, kind: Kind, help: string, samples: readonly Sample[]) =>
  [
    `# HELP ${name} ${help}`,
    `# TYPE ${name} ${kind}`,
    ...samples.map(({ labels, suffix = '', value }) => `${name}${suffix}${labelsOf(labels)} ${value}`),
  ].join('\n');
const one = (name: string, kind: Kind, help: string, value: number) => family(name, kind, help, [{ value }]);

/** Longest turns of the event loop since it was asked last. */
export const loopDelay = () => {
  const delay = monitorEventLoopDelay({ resolution: 20 });
  delay.enable();
  return () => {
    const p99S = delay.percentile(99) / 1e9;
    delay.reset();
    return Number.isFinite(p99S) ? p99S : 0;
  };
};

/** Everything of the gateway that a time series can show; no miner has a series of its own. */
export const metricsText = (
  site: SiteState,
  { siteId, gatewayId, version }: GatewayFacts,
  status: GatewayStatus,
  loopDelayS: number,
): string => {
  const shards = site.shards();
  const tally = site.tallies();
  const sweeps = site.sweepHistogram();
  const line = site.line();
  const { rss } = process.memoryUsage();
  const cpu = process.cpuUsage();
  const of = (shard: number) => ({ shard });
  const families = [
    family('hashinsight_edge_info', 'gauge', 'Which gateway this is and what it runs.', [
      { labels: { site: siteId, gateway: gatewayId, version, node: process.versions.node }, value: 1 },
    ]),
    one(
      'hashinsight_edge_start_time_seconds',
      'gauge',
      'When the process started.',
      site.startedAtMs / 1_000,
    ),
    one('hashinsight_edge_line_up', 'gauge', 'Whether the line to the cloud is up.', Number(line.up)),
    one(
      'hashinsight_edge_line_changed_seconds',
      'gauge',
      'When the line came or went last.',
      line.sinceMs / 1_000,
    ),
    one(
      'hashinsight_edge_line_changes_total',
      'counter',
      'How often the line came or went.',
      tally.lineChanges,
    ),
    one(
      'hashinsight_edge_waiting_messages',
      'gauge',
      'Batches and answers without acknowledgement.',
      status.waiting,
    ),
    one('hashinsight_edge_spool_bytes', 'gauge', 'Telemetry on the disk.', status.spool.bytes),
    one(
      'hashinsight_edge_spool_thinned_rows_total',
      'counter',
      'Readings left out of a full spool.',
      status.spool.thinnedRows,
    ),
    one(
      'hashinsight_edge_spool_dropped_rows_total',
      'counter',
      'Readings dropped from a full spool.',
      status.spool.droppedRows,
    ),
    one(
      'hashinsight_edge_halted',
      'gauge',
      'Whether a kill switch forbids remote writes.',
      Number(status.halted),
    ),
    one('hashinsight_edge_configured_miners', 'gauge', 'Miners in the configuration.', site.configured()),
    family(
      'hashinsight_edge_miners',
      'gauge',
      'Miners by shard and state of their newest reading.',
      shards.flatMap(({ shard, states }) =>
        minerStates.map((state) => ({ labels: { shard, state }, value: states[state] })),
      ),
    ),
    family(
      'hashinsight_edge_hashrate_ths',
      'gauge',
      'Sum of the newest readings.',
      shards.map(({ shard, hashrateThs }) => ({ labels: of(shard), value: hashrateThs })),
    ),
    family(
      'hashinsight_edge_power_watts',
      'gauge',
      'Sum of the newest readings.',
      shards.map(({ shard, powerW }) => ({ labels: of(shard), value: powerW })),
    ),
    family('hashinsight_edge_sweep_seconds', 'histogram', 'How long sweeps took.', [
      ...sweepBoundsS.map((le, at) => ({
        suffix: '_bucket',
        labels: { le },
        value: sweeps.buckets[at] ?? 0,
      })),
      { suffix: '_bucket', labels: { le: '+Inf' }, value: sweeps.count },
      { suffix: '_sum', value: sweeps.sumS },
      { suffix: '_count', value: sweeps.count },
    ]),
    family('hashinsight_edge_asks_total', 'counter', 'Miners asked in sweeps, by what came of it.', [
      { labels: { result: 'answered' }, value: tally.asked - tally.unreachable },
      { labels: { result: 'unreachable' }, value: tally.unreachable },
      { labels: { result: 'skipped' }, value: tally.skipped },
    ]),
    family(
      'hashinsight_edge_safety_events_total',
      'counter',
      'Safety events since the start.',
      [...site.safetyByKind()].map(([kind, value]) => ({ labels: { kind }, value })),
    ),
    family('hashinsight_edge_configurations_total', 'counter', 'Configurations while running.', [
      { labels: { result: 'taken' }, value: tally.configTaken },
      { labels: { result: 'refused' }, value: tally.configRefused },
    ]),
    one('process_resident_memory_bytes', 'gauge', 'Resident memory.', rss),
    one(
      'process_cpu_seconds_total',
      'counter',
      'Processor time, user and system.',
      (cpu.user + cpu.system) / 1e6,
    ),
    one('nodejs_eventloop_lag_p99_seconds', 'gauge', 'Since the last scrape.', loopDelayS),
  ];
  return `${families.join('\n')}\n`;
};
