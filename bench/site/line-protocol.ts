import { minerStates, readingFieldNames, readingFields } from '../../contracts/reading.ts';
import { scaleOf, type TelemetryColumns } from '../../contracts/telemetry-columns.ts';

const snake = (name: string) => name.replace(/[A-Z]/g, (one) => `_${one.toLowerCase()}`);

/** InfluxDB's line protocol, a line a row: the miner is a tag, whole numbers are integers, times are milliseconds. */
export const linesOf = ({
  rows,
  minerIds,
  miner,
  sampledAtMs,
  state,
  values,
}: TelemetryColumns): string[] => {
  const fields = readingFieldNames.flatMap((name) => {
    const column = values[name];
    const isWhole = readingFields[name].decimals === 0;
    return column ? [{ name: snake(name), column, scale: scaleOf(name), suffix: isWhole ? 'i' : '' }] : [];
  });
  const lines: string[] = [];
  for (let at = 0; at < rows; at++) {
    let line = `telemetry,miner=${minerIds[miner[at] ?? 0]} state="${minerStates[state[at] ?? 0]}"`;
    for (const { name, column, scale, suffix } of fields) {
      const value = column[at] ?? Number.NaN;
      if (!Number.isNaN(value)) line += `,${name}=${value / scale}${suffix}`;
    }
    lines.push(`${line} ${sampledAtMs[at]}`);
  }
  return lines;
};
