/** Figures along a chart's instants; null where nothing is known. */
export type Figures = readonly (number | null)[];

/** Which rows of an answer stand at a chart's instants: -1 where nothing was heard for longer than samples are apart. */
export type Instants = { readonly times: readonly number[]; readonly rows: readonly number[] };

/** A sample may come this much later than usual before its absence counts as a gap. */
const patience = 2.5;

/** The usual distance of ascending instants: their median. */
export const usualStepMs = (at: readonly number[]) => {
  const steps = Float64Array.from(at.slice(1), (ms, index) => ms - (at[index] ?? ms)).sort();
  return steps[steps.length >> 1] ?? 0;
};

/** An answer's instants in epoch seconds, with one more in every gap, so that a line drawn along them breaks there. */
export const instantsOf = (at: readonly number[], stepMs: number | null): Instants => {
  const step = stepMs ?? usualStepMs(at);
  const times: number[] = [];
  const rows: number[] = [];
  at.forEach((ms, row) => {
    const before = at[row - 1];
    if (before !== undefined && step > 0 && ms - before > patience * step) {
      times.push((before + step) / 1_000);
      rows.push(-1);
    }
    times.push(ms / 1_000);
    rows.push(row);
  });
  return { times, rows };
};

/** An answer's column along the chart's instants. */
export const along = ({ rows }: Instants, column: Figures | undefined): (number | null)[] =>
  rows.map((row) => column?.[row] ?? null);

/** Where nothing at all is known between the first and the last that is, in seconds: what a chart shades. */
export const gapsOf = (times: readonly number[], lines: readonly Figures[]): [number, number][] => {
  const gaps: [number, number][] = [];
  let lastKnown: number | undefined;
  let isOpen = false;
  times.forEach((time, index) => {
    if (!lines.some((line) => (line[index] ?? null) !== null)) {
      isOpen = true;
      return;
    }
    if (isOpen && lastKnown !== undefined) gaps.push([lastKnown, time]);
    lastKnown = time;
    isOpen = false;
  });
  return gaps;
};

/**
 * The rise of a counter per minute over the `overMs` before each sample, so that whole shares do not look like noise; null
 * until that much is known without a gap, and where the counter fell because it began anew.
 */
export const risePerMinute = (
  at: readonly number[],
  counter: Figures,
  stepMs: number | null,
  overMs: number,
): Figures => {
  const step = stepMs ?? usualStepMs(at);
  let start = 0;
  return counter.map((value, row) => {
    const [now, before] = [at[row] ?? 0, counter[row - 1] ?? null];
    if (value === null || before === null || value < before || now - (at[row - 1] ?? 0) > patience * step) {
      start = row;
      return null;
    }
    while (now - (at[start + 1] ?? now) >= overMs) start++;
    const apart = now - (at[start] ?? now);
    return apart < overMs ? null : ((value - (counter[start] ?? value)) * 60_000) / apart;
  });
};

/** The rise of windows per minute. */
export const perMinute = (increase: Figures, stepMs: number): Figures =>
  increase.map((value) => (value === null ? null : (value * 60_000) / stepMs));

/** How far a counter has risen since the first row; one that fell began anew at zero. */
export const riseSince = (counter: Figures): Figures => {
  let before: number | null = null;
  let sum = 0;
  return counter.map((value) => {
    if (value === null) return null;
    if (before !== null) sum += value >= before ? value - before : value;
    before = value;
    return sum;
  });
};

/** The sum of all windows so far. */
export const runningSum = (increase: Figures): Figures => {
  let sum = 0;
  return increase.map((value) => {
    if (value === null) return null;
    sum += value;
    return sum;
  });
};

/** The least, the greatest and the newest of what is known, if anything is. */
export const extremesOf = (values: Figures) => {
  let least = Number.POSITIVE_INFINITY;
  let most = Number.NEGATIVE_INFINITY;
  let last: number | undefined;
  for (const value of values) {
    if (value === null) continue;
    if (value < least) least = value;
    if (value > most) most = value;
    last = value;
  }
  return last === undefined ? undefined : { least, most, last };
};
