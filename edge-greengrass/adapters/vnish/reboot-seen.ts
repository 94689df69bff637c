import type { MinerAdapter } from '../miner-adapter.ts';

/** VNish tells its uptime in whole minutes. */
const slackS = 65;

/** Reads a reboot back by an uptime that counts minutes only, which lags behind the clock for up to one of them. */
export const rebootIsSeen =
  (adapter: MinerAdapter): MinerAdapter['readBack'] =>
  async (order, before, sinceMs, signal) => {
    if (order.type !== 'MINER_RESTART') return adapter.readBack(order, before, sinceMs, signal);
    const { reading, fault } = await adapter.read('full', signal);
    if (fault) return { seen: undefined };
    const { uptimeS } = reading.values;
    const earlierS = before.reading.values.uptimeS;
    if (uptimeS === undefined) return { seen: false, reading };
    const seen =
      earlierS === undefined
        ? (uptimeS + slackS) * 1_000 <= reading.sampledAtMs - sinceMs
        : uptimeS < earlierS ||
          uptimeS + slackS < earlierS + (reading.sampledAtMs - before.reading.sampledAtMs) / 1_000;
    return { seen, reading };
  };
