import { createServer, type Socket } from 'node:net';

export type TcpPeer = {
  readonly port: number;
  readonly requests: string[];
  readonly close: () => Promise<void>;
};

/** A TCP server on loopback that does to each connection what the test says, once it has read something. */
export const tcpPeer = async (
  answer: (request: string, socket: Socket) => void,
  port = 0,
): Promise<TcpPeer> => {
  const requests: string[] = [];
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk) => {
      const request = chunk.toString('utf8');
      requests.push(request);
      answer(request, socket);
    });
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    port: address.port,
    requests,
    close: () =>
      new Promise((resolve) => {
        for (const socket of open) socket.destroy();
        server.close(() => resolve());
      }),
  };
};
