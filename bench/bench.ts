import type { Row } from './table.ts';

/** What a bench found: tables for people, figures for machines. */
export type Findings = {
  readonly tables: readonly { readonly title: string; readonly rows: readonly Row[] }[];
  readonly figures: unknown;
  /** Sentences about what the figures do not say by themselves. */
  readonly notes: readonly string[];
};

/** Progress and words go to standard error, so that `--json` leaves standard output to the figures. */
export type Watcher = {
  readonly say: (line: string) => void;
  readonly progress: (done: number, all: number, what: string) => void;
};
export type Bench<Options> = (options: Options, watcher: Watcher) => Promise<Findings>;
