import { Reader, Writer } from '../../contracts/batch-bytes.ts';
import type { BlockStore, StoredBytes } from '../../lambdas/telemetry/block-store.ts';
import { historyOf } from '../../lambdas/telemetry/history-table.ts';
import { rawRules } from '../../lambdas/telemetry/raw-table.ts';
import { objectName, rollUpWindow } from '../../lambdas/telemetry/roll-up-window.ts';
import { enrol } from '../../lambdas/telemetry/roster-repository.ts';
import { encodeSegments, type Segment, writeHead } from '../../lambdas/telemetry/segments.ts';
import { type Shard, telemetryKeys } from '../../lambdas/telemetry/telemetry-keys.ts';
import {
  type Level,
  leastRows,
  levelSpanMs,
  settleMs,
  startOf,
} from '../../lambdas/telemetry/tier-levels.ts';
import { noBlock, type Part, replaceBlock, type TierStore } from '../../lambdas/telemetry/tier-repository.ts';
import { mergeTables } from '../../lambdas/telemetry/tier-table.ts';
import { dayMs, windowMs } from '../../lambdas/telemetry/windows.ts';
import { minerIdOf } from './local-cloud.ts';
import type { SiteReadings } from './reading-columns.ts';

const minuteMs = 60_000;
const mostPartBytes = 8 * 1024 * 1024;

export type PlannedHistory = {
  readonly nowMs: number;
  readonly days: number;
  /** So many miners have readings of their own; the others repeat theirs under their own ids. */
  readonly patterns: number;
};
type Span = { readonly level: Level; readonly startMs: number; readonly endMs: number };

/** The blocks in which the roll-ups would have left [nowMs - days, nowMs) by now, and those whose items say only that they were moved on. */
const spansOf = ({ nowMs, days }: PlannedHistory) => {
  const hoursUntil = startOf('hour', nowMs - settleMs.hour);
  const daysUntil = startOf('day', nowMs - settleMs.day);
  const cut = (level: Level, fromMs: number, untilMs: number): Span[] => {
    const spans: Span[] = [];
    const spanMs = levelSpanMs[level];
    for (let startMs = startOf(level, fromMs); startMs < untilMs; startMs += spanMs)
      spans.push({ level, startMs, endMs: Math.min(startMs + spanMs, untilMs) });
    return spans;
  };
  return {
    built: [
      ...cut('ten_days', nowMs - days * dayMs, daysUntil),
      ...cut('quarter', daysUntil, hoursUntil),
      ...cut('raw_quarter', nowMs - dayMs, hoursUntil),
    ],
    fives: cut('five', hoursUntil, startOf('five', nowMs)),
    moved: [...cut('five', nowMs - dayMs, hoursUntil), ...cut('quarter', nowMs - dayMs, daysUntil)],
  };
};

/**
 * Writes what the roll-ups would have made of readings of so many days, a reading a minute, shard by shard: through the tiers' own encoders and
 * repository, but each block at once.
 */
export const historyWriter = (readings: SiteReadings, plan: PlannedHistory) => {
  const { nowMs, patterns } = plan;
  const spans = spansOf(plan);
  const known = new Map<string, Uint8Array>();
  /** The rows of some miners in a row, as a segment without its head: the same for all that repeat them. */
  const rowsOf = ({ level, startMs, endMs }: Span, first: number, count: number): Uint8Array => {
    const name = `${level}/${startMs}/${first}/${count}`;
    const found = known.get(name);
    if (found) return found;
    const tables = Array.from({ length: count }, (_, at) => {
      const miner = first + at;
      const raw = readings.rawOf(miner, minerIdOf(miner), startMs, (endMs - startMs) / minuteMs);
      return level === 'raw_quarter' ? raw : historyOf(raw, startMs, startMs);
    });
    const names = new Set(tables.flatMap(({ columns }) => [...columns.keys()]));
    const key = level === 'raw_quarter' ? rawRules.key : 'w';
    const { table } = mergeTables(tables, { key, names: [...names] });
    const { bytes } = encodeSegments(table, table.rows);
    const reader = new Reader(bytes);
    reader.bytes(reader.varint());
    const rows = Uint8Array.from(reader.rest());
    known.set(name, rows);
    return rows;
  };
  const putBlock = async (store: TierStore, shard: Shard, miners: readonly number[], span: Span) => {
    const { level, startMs, endMs } = span;
    const isRaw = level === 'raw_quarter';
    const rowsOfMiner = (endMs - startMs) / (isRaw ? minuteMs : windowMs);
    const together = Math.ceil((isRaw ? leastRows.raw : leastRows.history) / rowsOfMiner);
    const groups = Math.max(1, Math.floor(patterns / together));
    const pieces: { first: string; bytes: Uint8Array }[] = [];
    for (let at = 0; at < miners.length; at += together) {
      const ids = miners.slice(at, at + together).map(minerIdOf);
      const out = new Writer();
      writeHead(out, ids, []);
      out.bytes(rowsOf(span, ((at / together) % groups) * together, ids.length));
      pieces.push({ first: ids[0] ?? '', bytes: out.done() });
    }
    const name = objectName(shard, level, startMs);
    const { objects, parts } = await putPieces(store.blocks, isRaw ? 'raw' : 'history', name, pieces);
    await replaceBlock(store)(telemetryKeys.block(shard, level, startMs), noBlock(startMs), {
      startMs,
      moved: false,
      objects,
      raw: isRaw ? parts : [],
      content: isRaw ? [] : parts,
      windows: [[startMs / windowMs, (endMs - startMs) / windowMs]],
      late: [],
      rawUntilMs: nowMs + 7 * dayMs,
      untilMs: nowMs + 101 * dayMs,
    });
  };
  return async (
    store: TierStore,
    shard: Shard,
    miners: readonly number[],
    onProgress: (done: number, all: number) => void,
  ): Promise<{ readonly windows: number; readonly rawRows: number }> => {
    const ids = miners.map((miner) => [miner, minerIdOf(miner)] as const);
    await enrol(store)(shard, [ids.map(([, id]) => id)]);
    const facts = { clock: { nowMs: () => nowMs }, readFacts: async () => () => undefined };
    const window = rollUpWindow({ ...store, ...facts });
    const { built, fives, moved } = spans;
    let done = 0;
    for (const span of built) {
      await putBlock(store, shard, miners, span);
      onProgress(++done, built.length + fives.length);
    }
    for (const { startMs } of fives) {
      const columns = readings.sweepsOf(ids, startMs, windowMs / minuteMs);
      await window(shard, startMs, [{ columns, receivedAtMs: startMs + windowMs }]);
      onProgress(++done, built.length + fives.length);
    }
    for (const { level, startMs } of moved)
      await replaceBlock(store)(telemetryKeys.block(shard, level, startMs), noBlock(startMs), {
        ...noBlock(startMs),
        untilMs: nowMs + dayMs,
      });
    const spanMs = (isRaw: boolean) =>
      [...built, ...fives]
        .filter(({ level }) => level === 'five' || (level === 'raw_quarter') === isRaw)
        .reduce((sum, { startMs, endMs }) => sum + endMs - startMs, 0);
    return {
      windows: (spanMs(false) / windowMs) * miners.length,
      rawRows: (spanMs(true) / minuteMs) * miners.length,
    };
  };
};

const putPieces = async (
  blocks: BlockStore,
  prefix: 'raw' | 'history',
  name: string,
  pieces: readonly { readonly first: string; readonly bytes: Uint8Array }[],
): Promise<{ objects: StoredBytes[]; parts: Part[] }> => {
  const objects: StoredBytes[] = [];
  const parts: Part[] = [];
  let [segments, held, size]: [Segment[], Uint8Array[], number] = [[], [], 0];
  const flush = async () => {
    if (segments.length === 0) return;
    parts.push({ object: objects.length, offset: 0, segments });
    objects.push(await blocks.put(prefix, name, Buffer.concat(held)));
    [segments, held, size] = [[], [], 0];
  };
  for (const { first, bytes } of pieces) {
    if (size + bytes.length > mostPartBytes) await flush();
    segments.push({ first, bytes: bytes.length });
    held.push(bytes);
    size += bytes.length;
  }
  await flush();
  return { objects, parts };
};
