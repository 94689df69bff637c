import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { decodeBatch } from '../../contracts/telemetry-batch.ts';
import { randomFrom } from '../test-kit/random.ts';
import { type FromVictim, fromVictim, victimStartMs } from '../test-kit/victim-words.ts';
import { Spool } from './spool.ts';
import { StateFile } from './state-file.ts';

/** More by `HASHINSIGHT_KILLS=500 npx vitest run edge-greengrass/state/power-loss.test.ts`. */
const kills = Number(process.env.HASHINSIGHT_KILLS ?? 10);
const victim = join(import.meta.dirname, '../test-kit/spool-victim.ts');

/** Runs a spool until it is killed, at an instant that follows from the random numbers; resolves with its whole lines. */
const runAndKill = async (directory: string, seed: number, spoolBytes: number, random: () => number) => {
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', victim, directory, `${seed}`, `${spoolBytes}`],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  let said = '';
  const lines = random() < 0.1 ? 0 : 1 + Math.floor(random() * 120);
  const extraMs = random() * (lines === 0 ? 150 : 10);
  const enough = new Promise<void>((resolve) => {
    child.stdout.on('data', (chunk) => {
      said += String(chunk);
      if (said.split('\n').length > lines) resolve();
    });
    if (lines === 0) resolve();
  });
  const ended = once(child, 'close');
  await Promise.race([enough, ended]);
  await pause(extraMs);
  child.kill('SIGKILL');
  const [code, signal] = await ended;
  expect([code, signal]).toEqual([null, 'SIGKILL']);
  return said
    .split('\n')
    .slice(0, -1)
    .map((line) => fromVictim.parse(JSON.parse(line)));
};

/** What the killed spools said, over all rounds on one disk. */
const ledger = () => {
  const puts: Extract<FromVictim, { did: 'put' }>[] = [];
  const digests = new Map<number, string>();
  const covered = new Map<number, number>();
  let highest = 0;
  return {
    puts,
    digests,
    coveredThrough: (shard: number) => covered.get(shard) ?? 0,
    add: (lines: readonly FromVictim[]) => {
      for (const line of lines) {
        if (line.did === 'put') {
          for (const sequence of line.sequences) {
            expect(sequence, 'a sequence that was given before').toBeGreaterThan(highest);
            highest = sequence;
          }
          puts.push(line);
        } else if (line.did === 'hand') digests.set(line.sequence, line.digest);
        else if (line.did === 'cover')
          covered.set(line.shard, Math.max(covered.get(line.shard) ?? 0, line.through));
      }
    },
    highest: () => highest,
  };
};
type Ledger = ReturnType<typeof ledger>;

/** Opens what the killed process left, as the next one will, and holds it against what was said. */
const inspect = (directory: string, said: Ledger, isRoomy: boolean) => {
  const state = new StateFile(directory);
  const spool = new Spool(state, victimStartMs);
  expect(state.db.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' });
  const orphans =
    'SELECT COUNT(*) AS n FROM batch_payload WHERE sequence NOT IN (SELECT sequence FROM batch)';
  expect(state.db.prepare(orphans).get()).toEqual({ n: 0 });
  const held = new Set<string>();
  let bytes = 0;
  let rows = 0;
  for (const shard of [0, 1, 2]) {
    const batches = spool.between(shard, 0, Number.MAX_SAFE_INTEGER);
    let link: number | undefined;
    for (const { sequence, previous, bytes: size, rows: count } of batches) {
      if (isRoomy && link !== undefined && previous > said.coveredThrough(shard)) expect(previous).toBe(link);
      link = sequence;
      const payload = spool.payload(sequence) ?? new Uint8Array();
      const decoded = decodeBatch(payload);
      if (!decoded.ok) throw new Error(decoded.detail);
      expect(decoded.batch).toMatchObject({ shard, sequence, previousSequence: previous });
      expect(decoded.batch.readings).toHaveLength(count);
      expect(payload).toHaveLength(size);
      for (const { minerId, sampledAtMs } of decoded.batch.readings) held.add(`${minerId} ${sampledAtMs}`);
      const digest = said.digests.get(sequence);
      if (digest) expect(createHash('sha256').update(payload).digest('hex')).toBe(digest);
      bytes += size;
      rows += count;
    }
    if (link !== undefined) expect(spool.nextOf(shard).previousSequence).toBe(link);
  }
  expect(spool.bytes).toBe(bytes);
  expect(held.size).toBe(rows);
  const elsewhere = (['coveredRows', 'thinnedRows', 'droppedRows', 'unconfirmedRows'] as const).map((name) =>
    spool.tally(name),
  );
  expect(elsewhere.reduce((sum, count) => sum + count, rows)).toBe(spool.tally('putRows'));
  const promised = said.puts.reduce((sum, { miners }) => sum + miners, 0);
  expect(spool.tally('putRows')).toBeGreaterThanOrEqual(promised);
  expect(spool.nextOf(0).sequence).toBeGreaterThan(said.highest());
  if (isRoomy)
    for (const { shard, miners, atMs, sequences } of said.puts) {
      if (Math.min(...sequences) <= said.coveredThrough(shard)) continue;
      for (let at = 0; at < miners; at++)
        expect(held.has(`m-${shard}-${at} ${atMs + at}`), `m-${shard}-${at} of ${atMs}`).toBe(true);
    }
  const tallies = { thinned: spool.tally('thinnedRows'), dropped: spool.tally('droppedRows') };
  state.close();
  return tallies;
};

describe('a spool whose process is killed at any instant', () => {
  it.each([
    ['with room', 1e9],
    ['that thins and drops', 8 * 1_024],
  ])(
    '%s: opens, has what it promised, repeats no sequence, counts right',
    async (name, spoolBytes) => {
      const directory = mkdtempSync(join(tmpdir(), 'power-loss-'));
      const isRoomy = name === 'with room';
      const random = randomFrom(isRoomy ? 11 : 12);
      const said = ledger();
      let last = { thinned: 0, dropped: 0 };
      for (let round = 0; round < kills; round++) {
        said.add(await runAndKill(directory, round + 1, spoolBytes, random));
        last = inspect(directory, said, isRoomy);
      }
      if (isRoomy) expect(last).toEqual({ thinned: 0, dropped: 0 });
      else {
        expect(last.thinned).toBeGreaterThan(0);
        expect(last.dropped).toBeGreaterThan(0);
      }
      rmSync(directory, { recursive: true });
    },
    60_000 + kills * 5_000,
  );
});
