/** The smallest value that at least `share` of all values do not exceed (nearest rank). NaN of nothing. */
export const quantile = (values: readonly number[], share: number): number => {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
};

export type Spread = {
  readonly n: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
};

/** How measured values spread, rounded to a tenth. */
export const spreadOf = (values: readonly number[]): Spread => {
  const tenth = (value: number) => Math.round(value * 10) / 10;
  return {
    n: values.length,
    p50: tenth(quantile(values, 0.5)),
    p99: tenth(quantile(values, 0.99)),
    max: tenth(quantile(values, 1)),
  };
};
