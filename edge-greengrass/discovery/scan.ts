import { Semaphore } from '../io/semaphore.ts';
import type { AddressSet } from './address-ranges.ts';
import { eachAddress } from './each-address.ts';
import type { FoundMachine, Login } from './found-machine.ts';
import { identifyMachine } from './identify-machine.ts';
import { type ProbePorts, probeAddress, vendorPorts } from './probe-address.ts';

export type ScanLimits = {
  /** Addresses asked at the same time: at most two sockets each. */
  readonly atOnce: number;
  readonly perS: number;
  readonly connectMs: number;
  readonly answerMs: number;
  /** What is read of one answer. */
  readonly maxBytes: number;
  readonly otherwiseMs: number;
  /** For finding out what answers at an address, and for asking that who it is, each. */
  readonly addressMs: number;
};

/** Over a /20 without a machine: four seconds of beginning, one and a half of waiting. */
export const usualScan: ScanLimits = {
  atOnce: 1_000,
  perS: 1_000,
  connectMs: 1_500,
  answerMs: 3_000,
  maxBytes: 32 * 1_024,
  otherwiseMs: 1_000,
  addressMs: 10_000,
};

export type ScanCounts = {
  readonly addresses: number;
  readonly asked: number;
  readonly machines: number;
  /** Something answers that is no miner known here. */
  readonly others: number;
  /** Left out because this machine had no socket for them. */
  readonly starved: number;
};
export type ScanEvent =
  | { readonly kind: 'progress'; readonly counts: ScanCounts }
  | { readonly kind: 'found'; readonly machine: FoundMachine };

export type ScanResult = {
  readonly machines: readonly FoundMachine[];
  readonly counts: ScanCounts;
  /** False where it was stopped before its end. */
  readonly complete: boolean;
  readonly tookMs: number;
};

export type ScanDeps = {
  readonly addresses: AddressSet;
  readonly ports?: ProbePorts;
  readonly limits?: Partial<ScanLimits>;
  /** Which logins may be tried at a machine of a family, in their order. */
  readonly loginsFor: (host: string, family: string) => readonly Login[];
  readonly signal: AbortSignal;
  readonly nowMs?: () => number;
  readonly onEvent?: (event: ScanEvent) => void;
};

/** Machines that are asked for their model and marks at the same time: that takes this machine's time, where silence takes none. */
const identifyAtOnce = 64;

/**
 * Asks every address who it is. Sockets, rate and the time for an address are bounded; what answers endlessly, wrongly or not at all costs its
 * address's time and no other's. Found machines come in the order of their addresses. Never rejects.
 */
export const scan = async (deps: ScanDeps): Promise<ScanResult> => {
  const { addresses, ports = vendorPorts, loginsFor, signal, onEvent, nowMs = Date.now } = deps;
  const limits = { ...usualScan, ...deps.limits };
  const startMs = performance.now();
  const seats = new Semaphore(identifyAtOnce);
  const sockets = new Semaphore(4 * identifyAtOnce);
  const io = { connectMs: limits.connectMs, exchangeMs: limits.answerMs, maxBytes: 512 * 1_024 };
  const machines: FoundMachine[] = [];
  const starving = new Set<string>();
  let asked = 0;
  let others = 0;
  const counts = (): ScanCounts => ({
    addresses: addresses.count,
    asked,
    machines: machines.length,
    others,
    starved: starving.size,
  });

  const ask = async (host: string): Promise<boolean> => {
    const probed = await probeAddress(host, ports, limits, signal);
    if (probed.kind === 'starved') {
      starving.add(host);
      return false;
    }
    starving.delete(host);
    if (signal.aborted) return true;
    if (probed.kind === 'other') others++;
    if (probed.kind === 'miner') {
      const logins = loginsFor(host, probed.family);
      const machine = await seats.run(() =>
        identifyMachine(
          host,
          probed,
          logins,
          { ports, limits: io, sockets, nowMs },
          AbortSignal.any([signal, AbortSignal.timeout(limits.addressMs)]),
        ),
      );
      machines.push(machine);
      onEvent?.({ kind: 'found', machine });
    }
    asked++;
    onEvent?.({ kind: 'progress', counts: counts() });
    return true;
  };
  await eachAddress(addresses.all(), limits, ask, signal);
  return {
    machines: inOrder(machines),
    counts: counts(),
    complete: !signal.aborted,
    tookMs: performance.now() - startMs,
  };
};

const sortable = (host: string) => host.replace(/\d+/g, (octet) => octet.padStart(3, '0'));
const inOrder = (machines: readonly FoundMachine[]) =>
  machines.toSorted((one, other) => sortable(one.host).localeCompare(sortable(other.host)));
