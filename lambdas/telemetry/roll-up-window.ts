import type { TelemetryColumns } from '../../contracts/telemetry-columns.ts';
import type { Clock } from '../shared/clock.ts';
import type { StoredBytes } from './block-store.ts';
import { type GroupFactsOf, groupsOf, shardName } from './groups-table.ts';
import { historyOf } from './history-table.ts';
import { rawRules, toRawTable } from './raw-table.ts';
import { encodeSegments } from './segments.ts';
import { type Shard, telemetryKeys } from './telemetry-keys.ts';
import { hasWindow, type LateRun, type Level, leastRows, startOf } from './tier-levels.ts';
import {
  type BlockKey,
  noBlock,
  type Part,
  putNewerBlock,
  readBlock,
  replaceBlock,
  type TierBlock,
  type TierStore,
} from './tier-repository.ts';
import { mergeSources } from './tier-streams.ts';
import { emptyTable, mergeTables, type TierTable } from './tier-table.ts';
import { keptMs, rawBytesKeptMs, windowMs } from './windows.ts';

export type RollUpDeps = TierStore & {
  readonly clock: Clock;
  /** What the registry says of miners of a gateway. */
  readonly readFacts: (gatewayId: string, minerIds: readonly string[]) => Promise<GroupFactsOf>;
};

export type Incoming = { readonly columns: TelemetryColumns; readonly receivedAtMs: number };
/** `sealed`: the window's history is kept, its rows no longer, so that nothing can be added to it exactly. */
export type WindowRolledUp = 'written' | 'unchanged' | 'sealed';

const attempts = 20;
/** Rows are counted on for a little less than S3 keeps them. */
const safetyMs = 60 * 60_000;

/**
 * Merges rows into one window of a shard: its raw rows, its history and its sums are then those of all rows that ever came, whatever came
 * first. The five-minute block that it writes stands above what coarser blocks have of the window until it is merged into them.
 */
export const rollUpWindow =
  (deps: RollUpDeps) =>
  async (shard: Shard, startMs: number, incoming: readonly Incoming[]): Promise<WindowRolledUp> => {
    for (let attempt = 1; attempt <= attempts; attempt++) {
      const done = await once(deps, shard, startMs, incoming);
      if (done !== 'overtaken') return done;
    }
    throw new Error(`A window of shard ${shardName(shard)} stayed contended over ${attempts} attempts`);
  };

/** A block of rows that only the outer one has any more counts as written once. */
const firstVersion = 1;

const once = async (
  deps: RollUpDeps,
  shard: Shard,
  startMs: number,
  incoming: readonly Incoming[],
): Promise<WindowRolledUp | 'overtaken'> => {
  const key = telemetryKeys.block(shard, 'five', startMs);
  const five = await readBlock(deps)(key, startMs);
  const held = await heldRows(deps, shard, startMs, five);
  if (held.rows === 0 && (await isSealed(deps, shard, startMs))) return 'sealed';
  const tables = [held, ...incoming.map(({ columns }) => toRawTable(columns, startMs))];
  const { table, changed } = mergeTables(tables, rawRules, (_, at) => at >= 0 && at < windowMs);
  const history = historyOf(table, startMs, startMs);
  const late = lateRuns(startMs, five.late, incoming);
  if (!changed) {
    // A roll-up that stopped right after it had written the block has left the sums to this one.
    const version = Math.max(five.version, firstVersion);
    if (table.rows > 0) await putGroups(deps, shard, { startMs, version, late }, history);
    return 'unchanged';
  }
  const next = await storeWindow(deps, shard, startMs, table, history);
  const nowMs = deps.clock.nowMs();
  const rawUntilMs = nowMs + rawBytesKeptMs - safetyMs;
  const written = await replaceBlock(deps)(key, five, {
    ...next,
    startMs,
    moved: false,
    windows: [[startMs / windowMs, 1]],
    late,
    rawUntilMs,
    untilMs: nowMs + rawBytesKeptMs,
  });
  if (!written) return 'overtaken';
  await putGroups(deps, shard, { ...five, version: five.version + 1, startMs, late }, history);
  return 'written';
};

/** The rows that blocks have of a window, with times since its start. */
const heldRows = async (
  deps: RollUpDeps,
  shard: Shard,
  startMs: number,
  five: TierBlock,
): Promise<TierTable> => {
  if (!five.moved) return collect(deps, five, five.raw, 0);
  const outerMs = startOf('raw_quarter', startMs);
  const outer = await readBlock(deps)(telemetryKeys.block(shard, 'raw_quarter', outerMs), outerMs);
  const isThere =
    hasWindow(outer.windows, startMs / windowMs) && (outer.rawUntilMs ?? 0) > deps.clock.nowMs();
  return isThere ? collect(deps, outer, outer.raw, outerMs - startMs) : emptyTable;
};

const collect = async (
  { blocks }: RollUpDeps,
  block: TierBlock,
  parts: readonly Part[],
  shift: number,
): Promise<TierTable> => {
  const keep = (_: number, at: number) => at >= 0 && at < windowMs;
  const tables: TierTable[] = [];
  for await (const table of mergeSources(blocks, [{ block, parts, shift }], rawRules, keep))
    tables.push(table);
  return mergeTables(tables, rawRules).table;
};

const isSealed = async (deps: RollUpDeps, shard: Shard, startMs: number) => {
  if (startMs + rawBytesKeptMs - 2 * safetyMs > deps.clock.nowMs()) return false;
  const levels: readonly Level[] = ['quarter', 'ten_days'];
  const found = await Promise.all(
    levels.map((level) => {
      const start = startOf(level, startMs);
      return readBlock(deps)(telemetryKeys.block(shard, level, start), start);
    }),
  );
  return found.some(({ windows }) => hasWindow(windows, startMs / windowMs));
};

const storeWindow = async (
  { blocks }: RollUpDeps,
  shard: Shard,
  startMs: number,
  rows: TierTable,
  history: TierTable,
): Promise<{ objects: StoredBytes[]; raw: Part[]; content: Part[] }> => {
  const raw = encodeSegments(rows, leastRows.five);
  const content = encodeSegments(history, leastRows.five);
  const bytes = Buffer.concat([raw.bytes, content.bytes]);
  return {
    objects: [await blocks.put('raw', objectName(shard, 'five', startMs), bytes)],
    raw: [{ object: 0, offset: 0, segments: raw.segments }],
    content: [{ object: 0, offset: raw.bytes.length, segments: content.segments }],
  };
};

export const objectName = ({ siteId, gatewayId, shard }: Shard, level: string, startMs: number) =>
  `${siteId}/${gatewayId}/${shard}/${level}/${startMs}`;

/** Noted where rows were past the raw tier's keep when they came: that is the shortest keep. */
const lateRuns = (startMs: number, before: readonly LateRun[], incoming: readonly Incoming[]): LateRun[] => {
  const window = startMs / windowMs;
  const latest = Math.max(
    ...incoming.map(({ receivedAtMs }) => (receivedAtMs - startMs > keptMs.raw ? receivedAtMs : 0)),
    ...before.map(([, , receivedAtMs]) => receivedAtMs),
    0,
  );
  return latest > 0 ? [[window, 1, latest]] : [];
};

/** The window's sums over the shard, for the site's aggregates. An older version than what is there has no effect. */
const putGroups = async (
  deps: RollUpDeps,
  shard: Shard,
  { startMs, version, late }: Pick<TierBlock, 'startMs' | 'version' | 'late'>,
  history: TierTable,
) => {
  const factsOf = await deps.readFacts(shard.gatewayId, history.minerIds);
  const { bytes, segments } = encodeSegments(groupsOf(history, shard, factsOf), leastRows.groups);
  const key: BlockKey = telemetryKeys.groups(shard.siteId, 'five', startMs, shard);
  const stored = await deps.blocks.put('groups', objectName(shard, 'groups', startMs), bytes);
  const windows = [[startMs / windowMs, 1]] as const;
  await putNewerBlock(deps)(key, {
    ...noBlock(startMs),
    version,
    moved: false,
    objects: [stored],
    content: [{ object: 0, offset: 0, segments }],
    windows,
    late,
    shards: [[shardName(shard), windows]],
    untilMs: deps.clock.nowMs() + rawBytesKeptMs,
  });
};
