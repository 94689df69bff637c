import { isDeepStrictEqual } from 'node:util';
import type * as z from 'zod';
import type { MinerOrder } from '../../contracts/command.ts';
import type { MinerAdapter, WriteOutcome } from './miner-adapter.ts';
import { outcomeOf, withoutEffect } from './write-outcome.ts';

export type TunedOrder = Extract<MinerOrder, { type: 'POWER_LIMIT' | 'FREQUENCY_SET' }>;

/** How a firmware holds what limits and clocks come to: a profile, a preset, a target. It is JSON, kept in snapshots as `schema` says. */
export type Tuning<T> = {
  readonly schema: z.ZodType<T>;
  readonly read: (signal?: AbortSignal) => Promise<T>;
  /** What it is to hold for the order, given what it held. Rejects with MinerFault `denied` where it has nothing that fits. */
  readonly chosen: (order: TunedOrder, before: T, signal?: AbortSignal) => Promise<T>;
  readonly put: (wanted: T, signal?: AbortSignal) => Promise<WriteOutcome>;
};

const isTuned = (order: MinerOrder): order is TunedOrder =>
  order.type === 'POWER_LIMIT' || order.type === 'FREQUENCY_SET';

/** Adds power limits and clocks to an adapter: what the firmware held before is recorded whole, and put back whole. */
export const tunedAdapter = <T>(plain: MinerAdapter, tuning: Tuning<T>): MinerAdapter => {
  const recorded = (settings: Readonly<Record<string, unknown>>) =>
    tuning.schema.safeParse(settings.tuning).data;
  const compared = async (wanted: () => Promise<T>, signal?: AbortSignal) => {
    try {
      const seen = isDeepStrictEqual(await tuning.read(signal), await wanted());
      return { seen, reading: (await plain.read('full', signal)).reading };
    } catch {
      return { seen: undefined };
    }
  };
  return {
    ...plain,
    snapshot: async (order, signal) => {
      const { reading, settings } = await plain.snapshot(order, signal);
      if (!isTuned(order)) return { reading, settings };
      return { reading, settings: { ...settings, tuning: await tuning.read(signal) } };
    },
    execute: (order, before, signal) => {
      if (!isTuned(order)) return plain.execute(order, before, signal);
      return outcomeOf(async () => {
        const held = recorded(before.settings) ?? (await withoutEffect(tuning.read(signal)));
        return tuning.put(await withoutEffect(tuning.chosen(order, held, signal)), signal);
      });
    },
    readBack: (order, before, sinceMs, signal) => {
      if (!isTuned(order)) return plain.readBack(order, before, sinceMs, signal);
      return compared(async () => {
        const held = recorded(before.settings) ?? (await tuning.read(signal));
        return tuning.chosen(order, held, signal);
      }, signal);
    },
    restore: (restoration, now, signal) => {
      if (!isTuned(restoration.order)) return plain.restore(restoration, now, signal);
      return outcomeOf(async () => {
        const held = recorded(restoration.before.settings);
        return held === undefined
          ? { kind: 'refused', detail: `what ${restoration.order.type} changed was not recorded` }
          : tuning.put(held, signal);
      });
    },
    readRestored: async (restoration, signal) => {
      if (!isTuned(restoration.order)) return plain.readRestored(restoration, signal);
      const held = recorded(restoration.before.settings);
      return held === undefined ? { seen: undefined } : compared(async () => held, signal);
    },
  };
};
