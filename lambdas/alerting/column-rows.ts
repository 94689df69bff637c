import { type ReadingField, readingFieldNames } from '../../contracts/reading.ts';
import { type Column, scaleOf, type TelemetryColumns } from '../../contracts/telemetry-columns.ts';

/** Columns' whole numbers per unit. */
export const hashrateScale = scaleOf('hashrateThs');
export const powerScale = scaleOf('powerW');
export const tempScale = scaleOf('chipTempC');

/** Every field of a set of rows as a column; one column of nothing stands for all that nobody said. */
export type AllFields = Readonly<Record<ReadingField, Column>>;

let nothing = new Float64Array(1_024).fill(Number.NaN);

export const allFields = ({ values, rows }: TelemetryColumns): AllFields => {
  if (nothing.length < rows) nothing = new Float64Array(rows).fill(Number.NaN);
  const fields: Partial<Record<ReadingField, Column>> = {};
  for (const field of readingFieldNames) fields[field] = values[field] ?? nothing;
  return fields as AllFields;
};
