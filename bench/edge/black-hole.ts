/**
 * Listens with a queue for one connection and never takes one: once the queue is full the system lets every further attempt
 * wait without an answer. At the ports that are given, for all addresses at which nobody else listens; or at any one port of loopback,
 * which it tells. A child of site.ts.
 */
import { connect, createServer } from 'node:net';

const fill = (options: { readonly host: string; readonly port: number; readonly reusePort?: boolean }) =>
  new Promise<number>((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen({ ...options, backlog: 1 }, () => {
      const address = server.address();
      const port = typeof address === 'object' && address ? address.port : 0;
      for (let at = 0; at < 4; at++) connect({ host: '127.0.0.1', port }).on('error', () => {});
      resolve(port);
    });
  });

const given = process.argv.slice(2).map(Number);
const [first = 0] = await Promise.all(
  given.length > 0
    ? given.map((port) => fill({ host: '0.0.0.0', port, reusePort: true }))
    : [fill({ host: '127.0.0.1', port: 0 })],
);
process.send?.(first, () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0));
