import { livePage } from '../contracts/api-telemetry.ts';
import { minerSeriesAnswer } from '../contracts/api-telemetry-series.ts';
import { readingFieldNames } from '../contracts/reading.ts';
import { toUtc } from '../lambdas/shared/clock.ts';
import { dayMs, windowMs } from '../lambdas/telemetry/windows.ts';
import { randomFrom } from '../simulator/physics/random.ts';
import type { Bench } from './bench.ts';
import { quantile } from './quantiles.ts';
import { type Asked, type LocalCloud, minerIdOf, reopenLocalCloud } from './site/local-cloud.ts';
import { prepareSite } from './site/prepare-site.ts';
import { shardMiners } from './site/shards.ts';
import { aimed } from './table.ts';

export type QueryOptions = {
  readonly miners: number;
  /** Of them, so many have readings of their own; the others repeat theirs. */
  readonly patterns: number;
  readonly days: number;
  readonly queries: number;
  /** Starts of everything anew, for the first answer of a new environment. */
  readonly restarts: number;
  readonly seed: number;
};

const aimMs = 50;
type Question = {
  readonly name: string;
  readonly path: (at: number) => string;
  readonly check: (body: unknown) => void;
};

const questions = (cloud: LocalCloud, options: QueryOptions, nowMs: number): Question[] => {
  const random = randomFrom(options.seed);
  const order = Array.from({ length: options.miners }, (_, miner) => ({ miner, key: random() }))
    .toSorted((a, b) => a.key - b.key)
    .map(({ miner }) => minerIdOf(miner));
  const series = (at: number, more: Record<string, string>) =>
    `/api/v1/telemetry/miners/${order[at % order.length]}/series?${new URLSearchParams({
      site_id: String(cloud.siteId),
      to: toUtc(nowMs),
      max_points: '50000',
      ...more,
    })}`;
  const checkSeries = (least: number) => (body: unknown) => {
    const { count, fields, samples, state } = minerSeriesAnswer.parse(body);
    const heard = state ? count : (samples ?? []).filter((one) => one > 0).length;
    if (heard < least || Object.keys(fields).length === 0)
      throw new Error(`A series has ${heard} points with readings where ${least} were expected`);
  };
  const rawFrom = toUtc(nowMs - dayMs + windowMs);
  const sorts = ['hashrate_ghs', 'power_w', 'chip_temp_c', 'efficiency_jth', 'miner_id'];
  const raw = { resolution: 'raw', from: rawFrom };
  const rawMinutes = (dayMs - 3 * windowMs) / 60_000;
  const all = readingFieldNames.map((name) => name.replace(/[A-Z]/g, (one) => `_${one.toLowerCase()}`));
  return [
    { name: '24 h of one miner, raw', path: (at) => series(at, raw), check: checkSeries(rawMinutes) },
    {
      name: '24 h of one miner, raw, all fields',
      path: (at) => series(at, { ...raw, fields: all.join(',') }),
      check: checkSeries(rawMinutes),
    },
    {
      name: `${options.days} d of one miner, 5 min`,
      path: (at) => series(at, { resolution: '5min', from: toUtc(nowMs - options.days * dayMs + windowMs) }),
      check: checkSeries(((options.days * dayMs) / windowMs) * 0.99),
    },
    {
      name: `live page of ${options.miners} miners`,
      path: (at) =>
        `/api/v1/telemetry/live?${new URLSearchParams({
          site_id: String(cloud.siteId),
          sort: sorts[at % sorts.length] ?? 'miner_id',
          order: at % 2 === 0 ? 'desc' : 'asc',
          limit: '100',
          ...(at % 3 === 1 && { min: 'hashrate_ghs:1' }),
          ...(at % 3 === 2 && { zone_id: 'zone-0' }),
        })}`,
      check: (body) => {
        const { count, total } = livePage.parse(body);
        if (count !== Math.min(100, options.miners) || total < count)
          throw new Error(`A live page has ${count} of ${total}`);
      },
    },
  ];
};

type Answers = { readonly name: string; readonly state: string; readonly asked: readonly Asked[] };
const figuresOf = ({ name, state, asked }: Answers) => {
  const of = (pick: (one: Asked) => number) => ({
    p50: Math.round(quantile(asked.map(pick), 0.5) * 10) / 10,
    p95: Math.round(quantile(asked.map(pick), 0.95) * 10) / 10,
    max: Math.round(quantile(asked.map(pick), 1) * 10) / 10,
  });
  return {
    query: name,
    state,
    n: asked.length,
    handlerMs: of(({ handlerMs }) => handlerMs),
    httpMs: of(({ httpMs }) => httpMs),
    bytes: Math.round(
      quantile(
        asked.map(({ bytes }) => bytes),
        0.5,
      ),
    ),
  };
};

const askAll = async (cloud: LocalCloud, question: Question, count: number): Promise<Asked[]> => {
  const asked: Asked[] = [];
  for (let at = 0; at < count; at++) {
    const one = await cloud.ask(question.path(at));
    if (at === 0) question.check(one.body);
    asked.push({ ...one, body: undefined });
  }
  return asked;
};

/** Figure 5: how long the telemetry queries take on a site with all its days, asked through the HTTP API of the local cloud. */
export const benchQuery: Bench<QueryOptions> = async (options, watcher) => {
  const { say, progress } = watcher;
  const site = await prepareSite(options, watcher);
  const { nowMs } = site;
  let cloud = await reopenLocalCloud(site.cloud);
  try {
    const results: Answers[] = [];
    for (const question of questions(cloud, options, nowMs)) {
      say(`Asking: ${question.name}`);
      const distinct = Math.min(options.queries, options.miners);
      results.push({
        name: question.name,
        state: 'first time',
        asked: await askAll(cloud, question, distinct),
      });
      results.push({
        name: question.name,
        state: 'again',
        asked: await askAll(cloud, question, options.queries),
      });
    }
    const firsts = new Map<string, Asked[]>();
    const kinds = questions(cloud, options, nowMs).length;
    for (let restart = 0; restart < options.restarts * kinds; restart++) {
      progress(restart, options.restarts * kinds, 'starts anew');
      cloud = await cloud.restart();
      const question = questions(cloud, options, nowMs)[restart % kinds];
      if (!question) continue;
      const one = await cloud.ask(question.path(restart));
      firsts.set(question.name, [...(firsts.get(question.name) ?? []), { ...one, body: undefined }]);
    }
    for (const [name, asked] of firsts) results.push({ name, state: 'new environment', asked });
    const figures = results.map(figuresOf);
    return {
      figures: {
        ...options,
        aimP95Ms: aimMs,
        historyWrittenS: Math.round(site.writtenS),
        written: { windows: site.windows, rawRows: site.rawRows },
        queries: figures,
      },
      tables: [
        {
          title: 'Answer times of telemetry queries, ms',
          rows: figures.map(({ query, state, n, handlerMs, httpMs, bytes }) => ({
            query,
            state,
            n,
            'handler p50': handlerMs.p50,
            'handler p95': state === 'new environment' ? handlerMs.p95 : aimed(handlerMs.p95, aimMs),
            'HTTP p50': httpMs.p50,
            'HTTP p95': httpMs.p95,
            'answer, KB': Math.round(bytes / 1_024),
          })),
        },
      ],
      notes: [
        `${options.miners} miners are registered and live and have ${options.days} days of history and a day of raw rows a minute, in shards of ${shardMiners} (${site.windows.toLocaleString('en-US')} windows, written in ${Math.round(site.writtenS)} s through the tiers' own encoders; ${options.patterns} miners have readings of their own, which the others repeat under their own ids).`,
        'handler: as the local Lambda measures it, with every request to the local DynamoDB and S3. HTTP: as a browser waits for it, with the session check.',
        'first time: a miner that this environment was not asked for before, so that nothing of it is in memory; again: the same miners once more, as far as the memory for what was read reaches; new environment: the first question after everything was started anew, without the start of the function itself.',
      ],
    };
  } finally {
    await cloud.close();
  }
};
