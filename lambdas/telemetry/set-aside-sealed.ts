import type { PendingBatch } from './batch-repository.ts';
import type { Arrival } from './ingest-batch.ts';

type Deps = {
  readonly readOwner: (siteId: number, gatewayId: string) => Promise<{ tenantId: string } | undefined>;
  readonly requestSetAside: (
    arrival: Arrival,
    tenantId: string | undefined,
    fault: string,
    detail: string,
  ) => Promise<void>;
};

/** Keeps aside a batch with rows of windows whose history is closed for good: `WINDOW_SEALED`. */
export const setAsideSealed =
  ({ readOwner, requestSetAside }: Deps) =>
  async (
    { siteId, gatewayId, receivedAtMs }: PendingBatch,
    bytes: Uint8Array,
    windows: readonly number[],
  ): Promise<void> => {
    const [first, last] = [windows[0] ?? 0, windows.at(-1) ?? 0].map((at) => new Date(at).toISOString());
    await requestSetAside(
      { siteId, gatewayId, receivedAtMs, bytes },
      (await readOwner(siteId, gatewayId))?.tenantId,
      'WINDOW_SEALED',
      `${windows.length} windows from ${first} to ${last} have history, but their single samples are no longer kept, so that nothing can be added exactly`,
    );
  };
