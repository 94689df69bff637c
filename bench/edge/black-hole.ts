/**
 * Listens with a queue for one connection and never takes one: once the queue is full the system lets every further attempt
 * wait without an answer. A child of site.ts.
 */
import { connect, createServer } from 'node:net';

const server = createServer();
server.listen({ host: '127.0.0.1', port: 0, backlog: 1 }, () => {
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  for (let at = 0; at < 4; at++) connect({ host: '127.0.0.1', port }).on('error', () => {});
  process.send?.(port, () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0));
});
