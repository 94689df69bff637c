/** A gateway's scan in a process of its own, so that processor time, sockets and peak of memory are its alone. A child of scan.ts. */
import { subscribe } from 'node:diagnostics_channel';
import { Socket } from 'node:net';
import { addressSet } from '../../edge-greengrass/discovery/address-ranges.ts';
import { likelyLogins } from '../../edge-greengrass/discovery/likely-logins.ts';
import { scan } from '../../edge-greengrass/discovery/scan.ts';
import { memoryOf } from '../process-memory.ts';
import { type FromScanner, type Scanned, type ScanTask, scanTask } from './scan-words.ts';

const say = (words: FromScanner) => process.send?.(words);

const countSockets = () => {
  let open = 0;
  const count = { peak: 0 };
  subscribe('net.client.socket', (message) => {
    const socket = typeof message === 'object' && message && 'socket' in message ? message.socket : undefined;
    if (!(socket instanceof Socket)) return;
    open++;
    count.peak = Math.max(count.peak, open);
    socket.once('close', () => open--);
  });
  return count;
};

const measure = async ({ addresses, perS }: ScanTask): Promise<Scanned> => {
  const sockets = countSockets();
  const cpuBefore = process.cpuUsage();
  const { counts, tookMs } = await scan({
    addresses: addressSet([addresses]),
    ...(perS !== undefined && { limits: { perS } }),
    loginsFor: likelyLogins([]),
    signal: new AbortController().signal,
    onEvent: (event) => {
      if (event.kind === 'progress' && event.counts.asked % 256 === 0)
        say({ said: 'progress', done: event.counts.asked, all: event.counts.addresses });
    },
  });
  const { user, system } = process.cpuUsage(cpuBefore);
  const { rssMb, peakMb } = memoryOf(process.pid);
  return {
    found: counts.machines,
    others: counts.others,
    starved: counts.starved,
    tookMs,
    cpuMs: (user + system) / 1_000,
    peakSockets: sockets.peak,
    peakMb: peakMb ?? rssMb,
  };
};

measure(scanTask.parse(JSON.parse(process.argv[2] ?? ''))).then(
  (scanned) => process.send?.({ said: 'done', scanned } satisfies FromScanner, () => process.exit(0)),
  (error: unknown) => {
    const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
    process.send?.({ said: 'failed', reason } satisfies FromScanner, () => process.exit(1));
  },
);
