import { readFileSync } from 'node:fs';
import { macAddressOf } from './mac-address.ts';

/**
 * MAC addresses of machines on the gateway's own network, by address, as `/proc/net/arp` lists them. One that stands for several addresses is
 * a router's that answers for machines behind it, and left out.
 */
export const parseNeighbours = (table: string): ReadonlyMap<string, string> => {
  const rows = table
    .split('\n')
    .slice(1)
    .flatMap((line) => {
      const [host = '', , flags = '', mac] = line.trim().split(/\s+/);
      const macAddress = macAddressOf(mac);
      const isComplete = (Number.parseInt(flags, 16) & 2) === 2;
      return macAddress && isComplete ? [{ host, macAddress }] : [];
    });
  const uses = Map.groupBy(rows, ({ macAddress }) => macAddress);
  return new Map(
    rows
      .filter(({ macAddress }) => uses.get(macAddress)?.length === 1)
      .map(({ host, macAddress }) => [host, macAddress]),
  );
};

/** Empty where the system has no such table. */
export const readNeighbours = (): ReadonlyMap<string, string> => {
  try {
    return parseNeighbours(readFileSync('/proc/net/arp', 'utf8'));
  } catch {
    return new Map();
  }
};
