/** What an execution environment is started with. */
export type WorkerSettings = {
  readonly codeDir: string;
  /** `index.handler`: file without extension, and export. */
  readonly handler: string;
  readonly functionName: string;
  readonly functionArn: string;
  readonly memoryMb: number;
  readonly logStream: string;
  readonly compileCacheDir: string | undefined;
  /** Moves `Date` (local/shared/shifted-clock.ts). */
  readonly clock?: SharedArrayBuffer | undefined;
};

/** One event, as JSON text. */
export type ToWorker = { readonly requestId: string; readonly event: string; readonly deadlineMs: number };

export type WorkerFault = {
  readonly errorType: string;
  readonly errorMessage: string;
  readonly trace: readonly string[];
};
export type FromWorker =
  | { readonly kind: 'ready'; readonly initMs: number }
  | ({ readonly kind: 'initFailed' } & WorkerFault)
  | {
      readonly kind: 'done';
      readonly requestId: string;
      readonly ok: true;
      readonly payload: string;
      readonly durationMs: number;
    }
  | ({
      readonly kind: 'done';
      readonly requestId: string;
      readonly ok: false;
      readonly durationMs: number;
    } & WorkerFault);
