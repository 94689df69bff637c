import { type MinerReading, type ReadingField, readingFieldNames } from '../../contracts/reading.ts';
import { scaleOf, toReadings } from '../../contracts/telemetry-columns.ts';
import { classOf, outagesOf } from './availability.ts';
import { siteDaysBetween } from './site-days.ts';
import type { TestBatch } from './test-tiers.ts';
import { windowMs, windowOf } from './windows.ts';

/** For tests: what the tiers should hold, computed from all rows at once and in the plainest way. */
export const rowsOfMiner = (batches: readonly TestBatch[], minerId: string): MinerReading[] => {
  const rows = new Map<number, MinerReading>();
  for (const { columns } of batches)
    for (const reading of toReadings(columns))
      if (reading.minerId === minerId) rows.set(reading.sampledAtMs, reading);
  return [...rows.values()].toSorted((a, b) => a.sampledAtMs - b.sampledAtMs);
};

const units = (rows: readonly MinerReading[], field: ReadingField) =>
  rows.flatMap(({ values: { [field]: value } }) =>
    value === undefined ? [] : [Math.round(value * scaleOf(field))],
  );
const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

export const riseOf = (values: readonly number[]) =>
  sum(values.slice(1).map((value, at) => (value >= (values[at] ?? 0) ? value - (values[at] ?? 0) : value)));

export const windowsOf = (rows: readonly MinerReading[]) =>
  [...Map.groupBy(rows, ({ sampledAtMs }) => windowOf(sampledAtMs))].map(([startMs, within]) => ({
    startMs,
    samples: within.length,
    hashing: within.filter(({ state }) => state === 'hashing').length,
    stopped: within.filter(({ state }) => state === 'stopped').length,
    figures: Object.fromEntries(
      readingFieldNames.flatMap((field) => {
        const values = units(within, field);
        const [first, last] = [values[0], values.at(-1)];
        return first === undefined || last === undefined
          ? []
          : [
              [
                field,
                {
                  n: values.length,
                  sum: sum(values),
                  min: Math.min(...values),
                  max: Math.max(...values),
                  first,
                  last,
                  rise: riseOf(values),
                },
              ],
            ];
      }),
    ),
  }));

/** A miner's days; a counter rises from the window right before a day. */
export const daysOf = (rows: readonly MinerReading[], timeZone: string) => {
  const [first, last] = [rows[0], rows.at(-1)];
  if (!first || !last) return [];
  return siteDaysBetween(timeZone, first.sampledAtMs, last.sampledAtMs + 1).flatMap(
    ({ date, startMs, endMs }) => {
      const within = rows.filter(({ sampledAtMs }) => sampledAtMs >= startMs && sampledAtMs < endMs);
      if (within.length === 0) return [];
      const windows = new Map(windowsOf(within).map((window) => [window.startMs, window]));
      const classes = Array.from({ length: (endMs - startMs) / windowMs }, (_, at) => {
        const window = windows.get(startMs + at * windowMs);
        return classOf(window?.samples ?? 0, window?.hashing ?? 0, window?.stopped ?? 0);
      });
      const means = (field: ReadingField) =>
        sum(
          [...windows.values()].map(({ figures: { [field]: of } }) =>
            of ? of.sum / of.n / scaleOf(field) : 0,
          ),
        );
      const before = rows.filter(
        ({ sampledAtMs }) => sampledAtMs >= startMs - windowMs && sampledAtMs < startMs,
      );
      const lastBefore = units(before, 'acceptedShares').slice(-1);
      return [
        {
          date,
          samples: within.length,
          hashingSamples: within.filter(({ state }) => state === 'hashing').length,
          energyKwh: means('powerW') / 12 / 1000,
          hashrateThHours: means('hashrateThs') / 12,
          acceptedShares: riseOf([...lastBefore, ...units(within, 'acceptedShares')]),
          outages: outagesOf(classes),
          chip: units(within, 'chipTempC'),
        },
      ];
    },
  );
};
