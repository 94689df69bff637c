import { type MinerAddress, minerIo } from '../adapters/miner-io.ts';
import { Semaphore } from '../io/semaphore.ts';

/** The connections of an adapter to peers on loopback, with short deadlines. */
export const ioAt = (
  ports: { readonly rpcPort?: number; readonly httpPort?: number; readonly framePort?: number },
  exchangeMs = 2_000,
) => {
  const address: MinerAddress = {
    minerId: 'm-1',
    host: '127.0.0.1',
    rpcPort: 1,
    httpPort: 1,
    username: '',
    password: '',
    ...ports,
  };
  return minerIo(address, { connectMs: 2_000, exchangeMs, maxBytes: 512 * 1_024 }, new Semaphore(64));
};
