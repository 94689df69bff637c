import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { setImmediate as breathe } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { deserialize, serialize, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Presets, SingleBar } from 'cli-progress';
import pc from 'picocolors';
import * as z from 'zod';
import { table } from '../../bench/table.ts';
import { vendors } from '../../contracts/capabilities/firmware-table.ts';
import { type Failure, fuzzAdapters, fuzzOnce } from './fuzz-adapters.ts';
import { type RecordedMiner, recordAnswers } from './recorded-answers.ts';

const help = `Feeds damaged answers to every firmware's adapter

  node edge-greengrass/fuzz/main.ts [--count N] [--seed N] [--vendor FAMILY] [--only N] [--answers FILE] [--json]

  --count N        iterations: each a new adapter that up to three things are asked of (default 20000)
  --seed N         (default 1)
  --vendor FAMILY  ${vendors.join(', ')}
  --only N         that iteration alone, with the answers that it had
  --answers FILE   the simulator's answers, recorded there by the first run: they hold times and tokens, so that only with the same ones
                   the same iteration is the same
  --json           one JSON object on standard output

It ends with 1 where an adapter threw anything but a MinerFault, made a reading that the contract refuses, asked without end or
took too long, or where memory grew.
`;

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '20000' },
    seed: { type: 'string', default: '1' },
    vendor: { type: 'string' },
    only: { type: 'string' },
    answers: { type: 'string' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  process.stdout.write(help);
  process.exit(0);
}
const options = z
  .object({
    count: z.coerce.number().int().min(1),
    seed: z.coerce.number().int().min(0),
    only: z.coerce.number().int().min(0).optional(),
    vendor: z.enum(vendors).optional(),
  })
  .safeParse(values);
if (!options.success) {
  process.stderr.write(`${z.prettifyError(options.error)}\n\n${help}`);
  process.exit(2);
}
const { count, seed, only, vendor } = options.data;

const recorded = async (file: string | undefined): Promise<readonly RecordedMiner[]> => {
  if (file !== undefined && existsSync(file)) return deserialize(readFileSync(file));
  const answers = await recordAnswers();
  if (file !== undefined) writeFileSync(file, serialize(answers));
  return answers;
};
const all = await recorded(values.answers);
const [first, ...others] = vendor ? all.filter((miner) => miner.vendor === vendor) : all;
if (!first) throw new Error('no miner was recorded');
const miners = [first, ...others] as const;

if (only !== undefined) {
  const { failure, ms, asks } = await fuzzOnce(miners, seed, only);
  process.stdout.write(`${JSON.stringify({ only, ms, asks, failure }, undefined, 2)}\n`);
  process.exit(failure ? 1 : 0);
}

setFlagsFromString('--expose-gc');
const collect: unknown = runInNewContext('gc');
const heapMb = () => {
  if (typeof collect === 'function') collect();
  return process.memoryUsage().heapUsed / 2 ** 20;
};

const bar = process.stderr.isTTY
  ? new SingleBar(
      { stream: process.stderr, format: '{bar} {percentage}% {value}/{total} {eta_formatted}' },
      Presets.shades_classic,
    )
  : undefined;
const stop = new AbortController();
process.once('SIGINT', () => stop.abort());

/** Of what nobody waits for: it would end the gateway. */
let at = 0;
const stray: Failure[] = [];
process.on('unhandledRejection', (error) => {
  stray.push({
    iteration: at,
    model: '',
    operation: 'full',
    what: `rejected, unheard: ${String(error)}`,
    answers: [],
  });
});
/** A promise that nothing settles would end the process, silently, or stand for ever. */
let seenAt = -1;
const watch = setInterval(() => {
  if (seenAt !== at) {
    seenAt = at;
    return;
  }
  process.stderr.write(`\niteration ${at} of seed ${seed} never settles\n`);
  process.exit(1);
}, 30_000);

const begunMs = performance.now();
const heaps: number[] = [];
bar?.start(count, 0);
const { tallies, failures } = await fuzzAdapters({
  miners,
  seed,
  count,
  signal: stop.signal,
  onDone: async (done) => {
    at = done;
    if (done % 256 === 0) {
      bar?.update(done);
      await breathe();
    }
    // The first quarter is for what is made once.
    if (done % Math.max(1, Math.floor(count / 4)) === 0) heaps.push(heapMb());
  },
});
clearInterval(watch);
bar?.update(at);
bar?.stop();

const grewMb = (heaps.at(-1) ?? 0) - (heaps[0] ?? 0);
/** What profiles of the compiler and the tallies may add. */
const mayGrowMb = 16;
const fallen = [...failures, ...stray];
const failed = tallies.reduce((sum, tally) => sum + tally.failures, stray.length);
const isGood = failed === 0 && grewMb <= mayGrowMb;
const seconds = (performance.now() - begunMs) / 1_000;

if (values.json) {
  process.stdout.write(
    `${JSON.stringify({ ok: isGood, seed, count: at, seconds, heapMb: heaps, grewMb, models: tallies, failures: fallen })}\n`,
  );
} else {
  const rows = tallies.map(({ model, iterations, answers, understood, failures: wrong, worstMs }) => ({
    model,
    iterations,
    answers,
    'understood %': (100 * understood) / iterations,
    'worst ms': worstMs,
    failures: wrong,
  }));
  process.stdout.write(`${table(rows)}\n\n`);
  for (const { iteration, model, operation, what, answers } of fallen.slice(0, 10))
    process.stdout.write(
      `${pc.red(`--seed ${seed} --only ${iteration}`)} ${model} ${operation}: ${what}\n${pc.dim(answers.at(-1) ?? '')}\n\n`,
    );
  const verdict = isGood ? pc.green('nothing fell') : pc.red(`${failed} failures`);
  process.stdout.write(
    `${verdict}; ${at.toLocaleString('en-US')} iterations of seed ${seed} in ${seconds.toFixed(0)} s; heap ${heaps.map((mb) => mb.toFixed(0)).join(' → ')} MB\n`,
  );
}
process.exit(isGood ? 0 : 1);
