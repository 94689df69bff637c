import { randomUUID } from 'node:crypto';
import type { CommandResponse, SafetyEvent } from '../contracts/command.ts';
import type { TelemetryGone } from '../contracts/telemetry-receipt.ts';
import { uplinks } from '../contracts/topics.ts';
import type { Log } from './log.ts';
import type { Room } from './state/make-room.ts';
import type { Outbox } from './state/outbox.ts';

type Deps = {
  readonly outbox: Outbox;
  readonly place: { readonly siteId: number; readonly gatewayId: string };
  readonly nowMs: () => number;
  readonly log: Log;
  /** Called when something waits to be sent. */
  readonly wake: () => void;
  readonly onSafety?: (event: SafetyEvent) => void;
};
export type NewSafetyEvent = Omit<SafetyEvent, 'version' | 'eventId' | 'siteId' | 'gatewayId' | 'atMs'>;

const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

/** What the gateway tells the cloud besides telemetry: put on the disk in the caller's transaction, sent when it can. */
export const reportsTo = ({ outbox, place, nowMs, log, wake, onSafety }: Deps) => {
  const put = (topic: string, value: unknown) => {
    outbox.put(topic, json(value));
    queueMicrotask(wake);
  };
  return {
    head: (commandId: string) => ({ version: 1 as const, commandId, ...place, atMs: nowMs() }),
    response: (response: CommandResponse) => {
      log('info', 'command_answered', { commandId: response.commandId, outcome: response.outcome });
      put(uplinks.commandResponse(place), response);
    },
    gone: (gone: TelemetryGone['gone']) => {
      log('warn', 'telemetry_gone', { gaps: gone.length });
      put(uplinks.gone(place), { version: 1, ...place, gone } satisfies TelemetryGone);
    },
    safety: (event: NewSafetyEvent) => {
      const full: SafetyEvent = { version: 1, eventId: randomUUID(), ...place, atMs: nowMs(), ...event };
      log('warn', 'safety_event', {
        kind: full.kind,
        code: full.code,
        ...(full.minerId && { minerId: full.minerId }),
      });
      put(uplinks.safety(place), full);
      onSafety?.(full);
    },
  };
};
export type Reports = ReturnType<typeof reportsTo>;

const thinningEveryMs = 10 * 60_000;

/** Says what the full spool cost: at once, and then at most every ten minutes with what came together since. */
export const thinningReport = (reports: Reports, nowMs: () => number) => {
  let rows = 0;
  let batches = 0;
  let toldMs = Number.NEGATIVE_INFINITY;
  return ({ thinnedRows, droppedBatches }: Room) => {
    rows += thinnedRows;
    batches += droppedBatches;
    if (rows + batches === 0 || nowMs() - toldMs < thinningEveryMs) return;
    reports.safety({
      kind: 'spool_thinned',
      code: batches > 0 ? 'SPOOL_FULL' : 'SPOOL_THINNED',
      detail: `${rows} readings of the oldest batches left out, ${batches} oldest batches dropped`,
    });
    toldMs = nowMs();
    rows = 0;
    batches = 0;
  };
};
