import { randomUUID } from 'node:crypto';
import type { CommandResponse, SafetyEvent } from '../contracts/command.ts';
import { uplinks } from '../contracts/topics.ts';
import type { Log } from './log.ts';
import type { Outbox } from './state/outbox.ts';

type Deps = {
  readonly outbox: Outbox;
  readonly place: { readonly siteId: number; readonly gatewayId: string };
  readonly nowMs: () => number;
  readonly log: Log;
  /** Called when something waits to be sent. */
  readonly wake: () => void;
};
export type NewSafetyEvent = Omit<SafetyEvent, 'version' | 'eventId' | 'siteId' | 'gatewayId' | 'atMs'>;

const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

/** What the gateway tells the cloud besides telemetry: put on the disk in the caller's transaction, sent when it can. */
export const reportsTo = ({ outbox, place, nowMs, log, wake }: Deps) => {
  const put = (topic: string, value: unknown) => {
    outbox.put('control', topic, json(value));
    queueMicrotask(wake);
  };
  return {
    head: (commandId: string) => ({ version: 1 as const, commandId, ...place, atMs: nowMs() }),
    response: (response: CommandResponse) => {
      log('info', 'command_answered', { commandId: response.commandId, outcome: response.outcome });
      put(uplinks.commandResponse(place), response);
    },
    safety: (event: NewSafetyEvent) => {
      const full: SafetyEvent = { version: 1, eventId: randomUUID(), ...place, atMs: nowMs(), ...event };
      log('warn', 'safety_event', {
        kind: full.kind,
        code: full.code,
        ...(full.minerId && { minerId: full.minerId }),
      });
      put(uplinks.safety(place), full);
    },
  };
};
export type Reports = ReturnType<typeof reportsTo>;

const thinningEveryMs = 10 * 60_000;

/** Says that the spool dropped batches: at once, and then at most every ten minutes with what came together since. */
export const thinningReport = (reports: Reports, nowMs: () => number) => {
  let dropped = 0;
  let toldMs = Number.NEGATIVE_INFINITY;
  return (more: number) => {
    dropped += more;
    if (dropped === 0 || nowMs() - toldMs < thinningEveryMs) return;
    reports.safety({
      kind: 'spool_thinned',
      code: 'SPOOL_FULL',
      detail: `${dropped} oldest batches dropped`,
    });
    toldMs = nowMs();
    dropped = 0;
  };
};
