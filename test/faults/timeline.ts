type Due = { readonly atMs: number; readonly order: number; readonly run: () => Promise<void> | void };

/** Things that happen one after the other at their virtual times; what falls on one moment happens in the order of its planning. */
export const timeline = (startMs: number) => {
  let nowMs = startMs;
  let planned = 0;
  const due: Due[] = [];
  const next = () =>
    due.reduce<Due | undefined>((first, one) => (!first || isBefore(one, first) ? one : first), undefined);
  return {
    nowMs: () => nowMs,
    after: (ms: number, run: Due['run']) =>
      void due.push({ atMs: nowMs + Math.max(0, ms), order: planned++, run }),
    /** Runs what is due until `untilMs`; after each thing, `settle`. */
    run: async (untilMs: number, settle: () => Promise<void>) => {
      for (let one = next(); one && one.atMs <= untilMs; one = next()) {
        due.splice(due.indexOf(one), 1);
        nowMs = one.atMs;
        await one.run();
        await settle();
      }
      nowMs = untilMs;
    },
  };
};
export type Timeline = ReturnType<typeof timeline>;

const isBefore = (one: Due, other: Due) =>
  one.atMs < other.atMs || (one.atMs === other.atMs && one.order < other.order);
