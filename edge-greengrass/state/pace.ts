/** Time as the senders know it, so that tests and benches can be ahead of it. */
export type Clock = {
  readonly nowMs: () => number;
  /** Resolves after `ms`, or when `signal` aborts. */
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
};

/** Fills at `perS` up to `burst`; may be overdrawn once, and is empty until it has filled up again. */
const bucket = (perS: number, burst: number, startMs: number) => {
  let tokens = burst;
  let atMs = startMs;
  const fill = (nowMs: number) => {
    tokens = Math.min(burst, tokens + (Math.max(0, nowMs - atMs) * perS) / 1_000);
    atMs = nowMs;
  };
  return {
    waitMs: (nowMs: number) => {
      fill(nowMs);
      return tokens > 0 ? 0 : Math.ceil((-tokens * 1_000) / perS) + 1;
    },
    spend: (nowMs: number, amount: number) => {
      fill(nowMs);
      tokens -= amount;
    },
  };
};

/** MQTT's own bytes of a publish, apart from its topic. */
const packetBytes = 8;

/**
 * Publishes and bytes of one connection. What must go at once spends without waiting and makes the rest wait longer.
 * No second sees more than 1.2 times the rate of publishes, nor more bytes than the rate and one batch.
 */
export const pace = (
  limits: { readonly publishesPerS: number; readonly bytesPerS: number },
  clock: Clock,
) => {
  const startMs = clock.nowMs();
  const publishes = bucket(limits.publishesPerS, limits.publishesPerS / 5, startMs);
  const bytes = bucket(limits.bytesPerS, 1, startMs);
  return {
    /** How long telemetry has to wait before its next publish. */
    waitMs: () => Math.max(publishes.waitMs(clock.nowMs()), bytes.waitMs(clock.nowMs())),
    spend: (topic: string, payload: Uint8Array) => {
      publishes.spend(clock.nowMs(), 1);
      bytes.spend(clock.nowMs(), topic.length + payload.length + packetBytes);
    },
  };
};
export type Pace = ReturnType<typeof pace>;

/** No pace: as fast as the other side acknowledges. */
export const unpaced: Pace = { waitMs: () => 0, spend: () => undefined };
