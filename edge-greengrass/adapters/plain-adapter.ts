import type { MinerOrder } from '../../contracts/command.ts';
import type { MinerReading } from '../../contracts/reading.ts';
import { asMinerFault } from '../io/miner-fault.ts';
import { isShown } from './is-shown.ts';
import type {
  MinerAdapter,
  MinerIdentity,
  MinerReadResult,
  MinerSnapshot,
  ReadDepth,
  WriteOutcome,
} from './miner-adapter.ts';
import { putBack, type Wanted } from './put-back.ts';
import { unreachable } from './unreachable.ts';
import { present } from './values.ts';
import { outcomeOf } from './write-outcome.ts';

/** A pool as the miner tells it; many do not tell the password. */
export type ToldPool = { readonly url: string; readonly user: string; readonly password?: string };

/** What one look at a miner shows: its reading, and the settings that a reading has no room for. */
export type Look = {
  readonly reading: MinerReading;
  readonly pools?: readonly ToldPool[];
  readonly led?: boolean | undefined;
  /** The duty that somebody set, or that the firmware steers the fans itself; absent where it does not say. */
  readonly fan?: number | 'auto' | undefined;
  /** What the clock is set to, which the reading's may differ from. */
  readonly frequencyMhz?: number | undefined;
};

type Deps = {
  readonly minerId: string;
  readonly nowMs: () => number;
  readonly identify: (signal?: AbortSignal) => Promise<MinerIdentity>;
  /** `full` must hold everything that `isShown` needs of the order. Rejects with MinerFault. */
  readonly look: (
    depth: ReadDepth,
    of: MinerOrder['type'] | undefined,
    signal?: AbortSignal,
  ) => Promise<Look>;
  /** Rejects with LostAnswer or `unparseable` where the miner may have acted, with any other MinerFault where it has not. */
  readonly write: (wanted: Wanted, before: MinerSnapshot, signal?: AbortSignal) => Promise<WriteOutcome>;
};

/**
 * An adapter for firmware whose settings are all told by one look and changed one by one: what it needs of the protocol is how
 * to look and how to write.
 */
export const plainAdapter = ({ minerId, nowMs, identify, look, write }: Deps): MinerAdapter => {
  const guarded = (wanted: Wanted, before: MinerSnapshot, signal?: AbortSignal) =>
    outcomeOf(() => write(wanted, before, signal));
  const seen = async (wanted: Wanted, before: MinerSnapshot, sinceMs: number, signal?: AbortSignal) => {
    const type = wanted.type === 'FAN_AUTO' ? 'SET_FAN' : wanted.type;
    try {
      const now = await look('full', type, signal);
      return { seen: isShown(wanted, before.reading, now, sinceMs), reading: now.reading };
    } catch {
      return { seen: undefined };
    }
  };
  return {
    identify,
    read: async (depth, signal): Promise<MinerReadResult> => {
      try {
        return { reading: (await look(depth, undefined, signal)).reading };
      } catch (error) {
        return unreachable(minerId, nowMs(), asMinerFault(error));
      }
    },
    snapshot: async (order, signal) => {
      const { reading, pools, led, fan, frequencyMhz } = await look('full', order.type, signal);
      return {
        reading,
        settings: {
          pools,
          led,
          fan,
          frequencyMhz,
          mode: reading.mode,
          powerLimitW: reading.values.powerLimitW,
        },
      };
    },
    execute: guarded,
    readBack: seen,
    restore: async (restoration, now, signal) => {
      const wanted = putBack(restoration);
      return wanted
        ? guarded(wanted, now, signal)
        : { kind: 'refused', detail: `what ${restoration.order.type} changed was not recorded` };
    },
    readRestored: async (restoration, signal) => {
      const wanted = putBack(restoration);
      return wanted ? seen(wanted, restoration.before, 0, signal) : { seen: undefined };
    },
  };
};

/** The fields of a reading that tell one board each, for the first three boards. */
export const boardValues = (
  boards: readonly (
    | {
        readonly hashrateThs?: number | undefined;
        readonly chipTempC?: number | undefined;
        readonly chips?: number | undefined;
      }
    | undefined
  )[],
) => {
  const [one, two, three] = boards;
  return present({
    board1HashrateThs: one?.hashrateThs,
    board2HashrateThs: two?.hashrateThs,
    board3HashrateThs: three?.hashrateThs,
    board1ChipTempC: one?.chipTempC,
    board2ChipTempC: two?.chipTempC,
    board3ChipTempC: three?.chipTempC,
    board1Chips: one?.chips,
    board2Chips: two?.chips,
    board3Chips: three?.chips,
  });
};
