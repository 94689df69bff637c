/** The only way to the time, so that tests and replays set it. */
export type Clock = { readonly nowMs: () => number };

export const systemClock: Clock = { nowMs: () => Date.now() };

/** `2026-01-27T10:30:00.000Z`, as every wire of the product writes time. */
export const toUtc = (atMs: number) => new Date(atMs).toISOString();

/** DynamoDB's time to live counts whole seconds. */
export const ttlSeconds = (atMs: number) => Math.ceil(atMs / 1000);
