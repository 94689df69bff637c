import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { apiClient } from '../../local/api-client.ts';
import { untilAllReport } from '../../local/loop/run-loop.ts';
import { createMeter, type Usage } from '../../local/metering/meter.ts';
import { times, together, between as usedBetween } from '../../local/metering/usage.ts';
import { type System, startSystem } from '../../local/system.ts';
import type { Bench, Findings, Watcher } from '../bench.ts';
import { billOf } from '../cost/bill.ts';
import { readPrices } from '../cost/prices.ts';
import { spreadOf } from '../quantiles.ts';
import type { Row } from '../table.ts';
import { asBatch, type BatchRun } from './as-batch.ts';
import { oneByOne, type People } from './one-by-one.ts';

export type CommandsOptions = {
  readonly miners: number;
  /** Commands of their own, each approved by a person. */
  readonly singles: number;
  readonly atOnce: number;
  readonly batches: readonly ('waves' | 'at-once')[];
  readonly seed: number;
};

const nothingStands = {
  'cloudwatch.alarms': 0,
  'cloudwatch.dashboards': 0,
  'kms.keys': 0,
  'kms.requests': 0,
  'sqs.requests': 0,
};

const costRows = (what: string, usage: Usage, commands: number): { rows: Row[]; usd: number } => {
  const bill = billOf(usage, nothingStands, readPrices());
  const rows = bill.lines
    .toSorted((a, b) => b.usd - a.usd)
    .map(({ service, label, units, usd }) => ({
      how: what,
      service,
      line: label,
      'units a command': Math.round((1_000 * units) / commands) / 1_000,
      'millionths of a USD a command': Math.round((1e7 * usd) / commands) / 10,
    }));
  return { rows, usd: bill.usd / commands };
};

/** How many failed of what, by code and words. */
const failuresOf = (commands: BatchRun['commands']): Readonly<Record<string, number>> => {
  const reasons = commands.flatMap(({ failure }) =>
    failure ? [[failure.code, failure.detail].filter(Boolean).join(': ')] : [],
  );
  return Object.fromEntries(
    [...Map.groupBy(reasons, (reason) => reason)]
      .map(([reason, all]) => [reason, all.length] as const)
      .toSorted(([, one], [, other]) => other - one),
  );
};

type Moment = 'created_at' | 'dispatched_at' | 'acknowledged_at';
/** Milliseconds from one moment of a command to another, of those that reached both. */
const between = (commands: BatchRun['commands'], from: Moment, until: Moment) =>
  spreadOf(
    commands.flatMap((command) => {
      const [began, ended] = [command[from], command[until]];
      return began && ended ? [Date.parse(ended) - Date.parse(began)] : [];
    }),
  );

const latenciesOf = ({ batch, approvedMs, commands }: BatchRun) => {
  const after = (at: string | undefined) => (at === undefined ? [] : [Date.parse(at) - approvedMs]);
  const acknowledged = commands.flatMap(({ acknowledged_at }) => after(acknowledged_at));
  return {
    miners: batch.miners,
    status: batch.status,
    completed: batch.completed,
    failed: batch.failed,
    unknown: batch.unknown,
    failures: failuresOf(commands),
    acknowledged: acknowledged.length,
    firstDispatchMs: Math.min(...commands.flatMap(({ dispatched_at }) => after(dispatched_at))),
    lastDispatchMs: Math.max(...commands.flatMap(({ dispatched_at }) => after(dispatched_at))),
    lastAcknowledgedMs: Math.max(...acknowledged),
    lastSettledMs: Math.max(...commands.flatMap(({ settled_at }) => after(settled_at))),
    begunToDispatched: between(commands, 'created_at', 'dispatched_at'),
    dispatchToAcknowledged: between(commands, 'dispatched_at', 'acknowledged_at'),
  };
};
const seconds = (ms: number) => (ms / 1_000).toFixed(1);

/** What is used beside telemetry by a piece of work, without what goes on anyway in as much time. */
const metering = (read: () => Usage) => {
  const restOfProduct = () => filtered(read(), (used) => !/telemetry/i.test(used));
  const over = async <T>(work: () => Promise<T>) => {
    const [before, beganMs] = [restOfProduct(), performance.now()];
    const result = await work();
    return { result, usage: usedBetween(before, restOfProduct()), tookMs: performance.now() - beganMs };
  };
  let idle: { usage: Usage; tookMs: number } | undefined;
  return {
    rest: async (ms: number) => {
      idle = await over(() => delay(ms));
    },
    of: async <T>(work: () => Promise<T>) => {
      const { result, usage, tookMs } = await over(work);
      const share = idle ? tookMs / idle.tookMs : 0;
      const net = idle ? together(usage, times(idle.usage, -share, 0)) : usage;
      // The gateway is connected whether or not anybody orders anything.
      const { 'iot.connections': _, ...own } = filtered(net, (_, amount) => amount > 0);
      return { result, usage: own };
    },
  };
};
/** The entries whose name, and whose amount, may stay. */
const filtered = (usage: Usage, keep: (used: string, amount: number) => boolean): Usage =>
  Object.fromEntries(
    Object.entries(usage).map(([unit, used]) => [
      unit,
      Object.fromEntries(Object.entries(used).filter(([name, amount]) => keep(name, amount))),
    ]),
  );

const idleMs = 60_000;

const measure = async (
  system: System,
  read: () => Usage,
  options: CommandsOptions,
  watcher: Watcher,
): Promise<Findings> => {
  const { url } = system.runtime;
  const { siteId } = system.record;
  const [operator, manager, admin, owner] = await Promise.all(
    ['operator', 'manager', 'admin', 'owner'].map((who) => apiClient(url, `${who}@demo.local`)),
  );
  if (!operator || !manager || !admin || !owner) throw new Error('the demo lacks people');
  const people: People = { operator, manager, admin, owner };
  watcher.say('Waiting for telemetry of every miner');
  await untilAllReport(system, people);
  const meter = metering(read);
  watcher.say('Metering what goes on without commands');
  await meter.rest(idleMs);
  const minerIds = system.site.miners.slice(0, options.singles).map(({ minerId }) => minerId);
  const singles = await meter.of(() => oneByOne(people, siteId, minerIds, options.atOnce, watcher));
  const after = (at: 'acknowledged_at' | 'settled_at') =>
    spreadOf(
      singles.result.flatMap(({ approvedMs, command }) =>
        command[at] === undefined ? [] : [Date.parse(command[at]) - approvedMs],
      ),
    );
  const [acknowledged, settled] = [after('acknowledged_at'), after('settled_at')];
  const costs = [costRows('one command', singles.usage, singles.result.length)];
  const batches: (ReturnType<typeof latenciesOf> & { readonly shape: string })[] = [];
  for (const [at, shape] of options.batches.entries()) {
    // Whoever approves so much power must have signed in within the last five minutes.
    const fresh: People = {
      ...people,
      admin: await apiClient(url, 'admin@demo.local'),
      owner: await apiClient(url, 'owner@demo.local'),
    };
    const how = shape === 'at-once' ? { wave_sizes: [options.miners], concurrency: options.miners } : {};
    const { result, usage } = await meter.of(() => asBatch(fresh, siteId, at % 2 === 0, how, watcher));
    batches.push({ shape, ...latenciesOf(result) });
    costs.push(costRows(`batch of ${result.batch.miners}, ${shape}`, usage, result.commands.length));
  }
  const odd = singles.result.filter(({ command }) => command.status !== 'COMPLETED').length;
  return {
    tables: [
      {
        title: `Approved by a person, ${options.atOnce} at a time, among ${options.miners} miners`,
        rows: [
          {
            until: 'acknowledged by the gateway',
            commands: acknowledged.n,
            'p50 ms': acknowledged.p50,
            'p99 ms': acknowledged.p99,
            'max ms': acknowledged.max,
          },
          {
            until: 'settled by read-back',
            commands: settled.n,
            'p50 ms': settled.p50,
            'p99 ms': settled.p99,
            'max ms': settled.max,
          },
        ],
      },
      {
        title: 'One batch over all miners, seconds since the last approval',
        rows: batches.map((batch) => ({
          shape: batch.shape,
          miners: batch.miners,
          'first order out': seconds(batch.firstDispatchMs),
          'last order out': seconds(batch.lastDispatchMs),
          'longest wait of an order begun': seconds(batch.begunToDispatched.max),
          'last acknowledged': seconds(batch.lastAcknowledgedMs),
          'last settled': seconds(batch.lastSettledMs),
          completed: batch.completed,
          failed: batch.failed,
          unknown: batch.unknown,
        })),
      },
      { title: 'What a command costs', rows: costs.flatMap(({ rows }) => rows) },
    ],
    figures: {
      ...options,
      acknowledged,
      settled,
      notCompleted: odd,
      batches,
      usdPerCommand: costs.map(({ usd }, at) => ({
        how: at === 0 ? 'single' : options.batches[at - 1],
        usd,
      })),
    },
    notes: [
      `A command costs ${costs.map(({ usd, rows }) => `${usd.toFixed(6)} USD as ${rows[0]?.how ?? ''}`).join(', ')}: what was metered beside telemetry, less what goes on in as much time without commands, at list prices.`,
      odd === 0 ? 'Every single command was completed.' : `${odd} single commands did not complete.`,
      ...batches.flatMap(({ shape, failures }) =>
        Object.entries(failures)
          .slice(0, 5)
          .map(([reason, count]) => `Failed in the batch ${shape}: ${count} with “${reason}”.`),
      ),
      'The simulator, the gateway and the whole cloud share this machine, gateway and cloud even one process. Miners are polled every three minutes here.',
    ],
  };
};

/** How soon commands reach a gateway, one by one and in a batch over a whole site, and what one costs. */
export const benchCommands: Bench<CommandsOptions> = async (options, watcher) => {
  const stateDir = mkdtempSync(join(tmpdir(), 'hashinsight-commands-'));
  const meter = createMeter();
  const system = await startSystem({
    miners: options.miners,
    seed: options.seed,
    port: 0,
    stateDir,
    fresh: true,
    speed: 1,
    pollIntervalMs: 180_000,
    withConsole: false,
    meter,
    onStep: watcher.say,
    onTrouble: watcher.say,
  });
  try {
    return await measure(system, meter.read, options, watcher);
  } finally {
    watcher.say('Stopping');
    await system.close();
    rmSync(stateDir, { recursive: true, force: true });
  }
};
