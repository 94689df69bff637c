import { vendors } from '../../contracts/capabilities/firmware-table.ts';
import type { InventoryEntry } from '../../simulator/site/inventory.ts';
import { adapterFor, familyOf } from '../adapters/adapter-for.ts';
import type { MinerAdapter } from '../adapters/miner-adapter.ts';
import { minerIo } from '../adapters/miner-io.ts';
import { Semaphore } from '../io/semaphore.ts';
import type { IoLimits } from '../io/tcp-exchange.ts';

/** An adapter for a simulated miner, over real sockets. */
export const adapterAt = (
  entry: InventoryEntry,
  limits: Partial<IoLimits> = {},
  login: { readonly password?: string } = {},
): MinerAdapter => {
  const vendor = vendors.find((known) => known === entry.vendor);
  if (!vendor) throw new Error(`the gateway does not speak ${entry.vendor}`);
  const { usual } = familyOf(vendor);
  const address = {
    minerId: entry.minerId,
    host: entry.host,
    rpcPort: entry.rpcPort ?? usual.rpcPort,
    httpPort: entry.httpPort ?? usual.httpPort,
    ...(entry.framePort !== undefined && { framePort: entry.framePort }),
    username: entry.username ?? usual.username,
    password: login.password ?? entry.password ?? usual.password,
  };
  const io = minerIo(
    address,
    { connectMs: 2_000, exchangeMs: 3_000, maxBytes: 512 * 1_024, ...limits },
    new Semaphore(64),
  );
  return adapterFor(vendor, address, io, Date.now);
};
