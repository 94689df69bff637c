/** A gateway's line to the cloud, at least once in both directions. */
export type EdgeBus = {
  /**
   * Registers before `open`, so that what the line kept for the gateway finds its reader. The message counts as
   * received when the returned promise resolves; if it rejects, the line delivers it again.
   */
  readonly subscribe: (topic: string, receive: (payload: Uint8Array) => Promise<void>) => void;
  /** Starts connecting and resolves; the line comes and goes by itself from then on. */
  readonly open: () => Promise<void>;
  readonly isUp: () => boolean;
  /** Called at every change; returns how to stop that. */
  readonly onChange: (listener: (up: boolean) => void) => () => void;
  /** Resolves when the other side has taken it (QoS 1); rejects when the line is down or does not answer in time. */
  readonly publish: (topic: string, payload: Uint8Array) => Promise<void>;
  readonly close: () => Promise<void>;
  /** Where the line asks for what is new: how it knows what the gateway has. Called before `open`. */
  readonly follow?: (known: () => Known) => void;
};
/** The highest sequence that the gateway has decided on, and the epoch of the kill switch that it knows (-1: none). */
export type Known = { readonly sequence: number; readonly haltEpoch: number };
