import type { ReadingField } from '../../contracts/reading.ts';
import { type GaugeWindows, gaugeOf, statesOf } from './history-table.ts';
import type { Shard } from './telemetry-keys.ts';
import { type MergeRules, rowsOf, type TierTable } from './tier-table.ts';

/** What a miner is summed up by; absent for a miner that the registry does not have. */
export type GroupFacts = {
  readonly zoneId: string;
  readonly model: string;
  readonly customerId?: string | undefined;
};
export type GroupFactsOf = (minerId: string) => GroupFacts | undefined;
export type GroupBy = 'site' | 'zone' | 'model' | 'customer';

/**
 * Sums over the miners of a group and shard in one window: `w` window since the block's first, `i` miners, `j` of them hashing in at least half of
 * their samples, `n` samples, `h` hashing samples; of each miner's mean, summed: `hs` hashrate, `es` expected hashrate, `ps` power; over all
 * samples `cs` and `is` the sum of chip and inlet temperature, `cn` and `in` how many, `cx` and `ix` the highest.
 */
const sums = ['i', 'j', 'n', 'h', 'hs', 'es', 'ps', 'cs', 'cn', 'is', 'in'] as const;
const highest = ['cx', 'ix'] as const;
export type GroupColumn = (typeof sums)[number] | (typeof highest)[number];
export const groupColumns: readonly GroupColumn[] = [...sums, ...highest];
export const groupRules: MergeRules = { key: 'w', names: ['w', ...groupColumns] };

/** The rows of a group are told apart by shard, so that a shard's late rows replace its part alone. */
const separator = '\u0001';
export const shardName = ({ gatewayId, shard }: Pick<Shard, 'gatewayId' | 'shard'>) =>
  `${gatewayId}#${shard}`;
export const groupPrefix = (by: GroupBy, key: string) => `${by}#${key}${separator}`;
const groupId = (by: GroupBy, key: string, shard: Shard) => `${groupPrefix(by, key)}${shardName(shard)}`;
/** Of a row's name: what it sums up by, its key, and its shard. */
export const readGroupId = (id: string) => {
  const [group = '', shard = ''] = id.split(separator);
  const at = group.indexOf('#');
  return { by: group.slice(0, at), key: group.slice(at + 1), shard };
};

export const fieldsOfGroups: readonly ReadingField[] = [
  'hashrateThs',
  'expectedHashrateThs',
  'powerW',
  'chipTempC',
  'inletTempC',
];

type Row = Record<GroupColumn, number>;
const emptyRow = (): Row => ({
  i: 0,
  j: 0,
  n: 0,
  h: 0,
  hs: 0,
  es: 0,
  ps: 0,
  cs: 0,
  cn: 0,
  is: 0,
  in: 0,
  cx: Number.NaN,
  ix: Number.NaN,
});

/** The sums of a shard's windows; `history` has whole windows of it. */
export const groupsOf = (history: TierTable, shard: Shard, factsOf: GroupFactsOf): TierTable => {
  const windows = history.columns.get('w') ?? new Float64Array();
  const samples = history.columns.get('n') ?? new Float64Array();
  const [hashing = new Float64Array()] = statesOf(history);
  const [hashrate, expected, power, chip, inlet] = fieldsOfGroups.map((field) => gaugeOf(history, field));
  const groups = new Map<string, Map<number, Row>>();
  history.minerIds.forEach((minerId, miner) => {
    const facts = factsOf(minerId);
    const ids = [groupId('site', '', shard)];
    if (facts) ids.push(groupId('zone', facts.zoneId, shard), groupId('model', facts.model, shard));
    if (facts?.customerId !== undefined) ids.push(groupId('customer', facts.customerId, shard));
    const [from, to] = rowsOf(history, miner);
    for (const id of ids) {
      const rows = groups.get(id) ?? new Map<number, Row>();
      groups.set(id, rows);
      for (let at = from; at < to; at++) {
        const window = windows[at] ?? 0;
        const row = rows.get(window) ?? emptyRow();
        rows.set(window, row);
        const [n, up] = [samples[at] ?? 0, hashing[at] ?? 0];
        row.i += 1;
        row.j += 2 * up >= n ? 1 : 0;
        row.n += n;
        row.h += up;
        row.hs += meanAt(hashrate, at);
        row.es += meanAt(expected, at);
        row.ps += meanAt(power, at);
        addTemperature(row, chip, at, 'cs', 'cn', 'cx');
        addTemperature(row, inlet, at, 'is', 'in', 'ix');
      }
    }
  });
  return tableOf(groups);
};

/** In whole units, so that the order of the miners cannot change a sum. */
const meanAt = (gauge: GaugeWindows | undefined, at: number) => {
  const n = gauge?.n[at] ?? 0;
  return n === 0 ? 0 : Math.round((gauge?.sum[at] ?? 0) / n);
};

const addTemperature = (
  row: Row,
  gauge: GaugeWindows | undefined,
  at: number,
  sum: GroupColumn,
  count: GroupColumn,
  most: GroupColumn,
) => {
  const n = gauge?.n[at] ?? 0;
  if (!gauge || n === 0) return;
  row[sum] += gauge.sum[at] ?? 0;
  row[count] += n;
  const max = gauge.max[at] ?? Number.NaN;
  row[most] = Number.isNaN(row[most]) ? max : Math.max(row[most], max);
};

const tableOf = (groups: ReadonlyMap<string, ReadonlyMap<number, Row>>): TierTable => {
  const minerIds = [...groups.keys()].toSorted();
  const rows = minerIds.flatMap((id) => [...(groups.get(id) ?? [])].toSorted(([a], [b]) => a - b));
  let start = 0;
  const starts = minerIds.map((id) => {
    const at = start;
    start += groups.get(id)?.size ?? 0;
    return at;
  });
  const columns = new Map([['w', Float64Array.from(rows, ([window]) => window)]]);
  for (const name of groupColumns)
    columns.set(
      name,
      Float64Array.from(rows, ([, row]) => row[name]),
    );
  return { rows: rows.length, minerIds, groups: Uint32Array.from(starts), columns, texts: [] };
};
