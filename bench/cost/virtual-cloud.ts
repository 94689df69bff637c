import { createMeter, type Usage } from '../../local/metering/meter.ts';
import { type Runtime, startRuntime } from '../../local/runtime.ts';
import { shiftClock } from '../../local/shared/shifted-clock.ts';

type Alarm = { readonly dueMs: number; readonly run: () => void };

export type VirtualCloud = {
  readonly runtime: Runtime;
  readonly nowMs: () => number;
  readonly usage: () => Usage;
  /** Resolves when no function runs and nothing waits for one. Rejects when that takes more than a minute. */
  readonly idle: () => Promise<void>;
  /** Lets time pass to this moment: schedules fire at theirs, and what each sets off ends before the next. */
  readonly passTo: (atMs: number) => Promise<void>;
  /** Leaves out the time to this moment: no schedule fires for it but once, late. */
  readonly skipTo: (atMs: number) => Promise<void>;
  readonly close: () => Promise<void>;
};

const patienceMs = 60_000;
const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** The local cloud of a synthesised app under a meter, in a time that passes only when it is told to. */
export const startVirtualCloud = async (
  options: Pick<Parameters<typeof startRuntime>[0], 'cdkOut' | 'stateDir' | 'onProgress'>,
): Promise<VirtualCloud> => {
  const clock = shiftClock();
  const alarms = new Set<Alarm>();
  const meter = createMeter();
  const lastLines: string[] = [];
  const schedules = {
    nowMs: () => Date.now(),
    wake: (afterMs: number, run: () => void) => {
      const alarm = { dueMs: Date.now() + afterMs, run };
      alarms.add(alarm);
      return () => void alarms.delete(alarm);
    },
  };
  const runtime = await startRuntime({
    ...options,
    port: 0,
    meter,
    log: (service, line) => void (lastLines.push(`${service}: ${line}`) > 5 && lastLines.shift()),
    time: { clock: clock.shared, schedules },
  }).catch((error: unknown) => {
    clock.restore();
    throw error;
  });

  const setTo = (atMs: number) => clock.advance(Math.max(0, atMs - Date.now()));
  const idle = async () => {
    const until = performance.now() + patienceMs;
    let quiet = 0;
    while (quiet < 3) {
      quiet = runtime.isIdle() ? quiet + 1 : 0;
      if (performance.now() > until)
        throw new Error(
          `Functions did not come to rest within ${patienceMs / 1000} s: ${lastLines.join(' | ')}`,
        );
      await pause(1);
    }
  };
  const ring = async (atMs: number) => {
    for (;;) {
      const [next] = [...alarms].filter(({ dueMs }) => dueMs <= atMs).toSorted((a, b) => a.dueMs - b.dueMs);
      if (!next) return;
      alarms.delete(next);
      setTo(next.dueMs);
      next.run();
      await idle();
    }
  };
  return {
    runtime,
    nowMs: () => Date.now(),
    usage: meter.read,
    idle,
    passTo: async (atMs) => {
      await ring(atMs);
      setTo(atMs);
      await idle();
    },
    skipTo: async (atMs) => {
      setTo(atMs);
      await ring(atMs);
      await idle();
    },
    close: async () => {
      await runtime.close();
      clock.restore();
    },
  };
};
