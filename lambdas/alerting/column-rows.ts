import { type ReadingField, readingFieldNames } from '../../contracts/reading.ts';
import type { Column, TelemetryColumns } from '../../contracts/telemetry-columns.ts';

/** Every field of a set of rows as a column; one column of nothing stands for all that nobody said. */
export type AllFields = Readonly<Record<ReadingField, Column>>;

let nothing = new Float64Array(1_024).fill(Number.NaN);

export const allFields = ({ values, rows }: TelemetryColumns): AllFields => {
  if (nothing.length < rows) nothing = new Float64Array(rows).fill(Number.NaN);
  const fields: Partial<Record<ReadingField, Column>> = {};
  for (const field of readingFieldNames) fields[field] = values[field] ?? nothing;
  return fields as AllFields;
};
