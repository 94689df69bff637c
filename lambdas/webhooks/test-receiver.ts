import { createServer, type IncomingHttpHeaders, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';

export type Received = {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly path: string;
};

/** A receiver on loopback over real sockets; it keeps what came and answers as it is told. */
export const startReceiver = async (options: {
  readonly tls?: { readonly key: string; readonly cert: string };
  /** 200 where nothing is said. */
  readonly answer?: (count: number) => number;
  readonly listener?: RequestListener;
}) => {
  const received: Received[] = [];
  const collect: RequestListener = (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      received.push({
        headers: request.headers,
        body: Buffer.concat(chunks).toString('utf8'),
        path: request.url ?? '',
      });
      response.writeHead(options.answer?.(received.length) ?? 200).end();
    });
  };
  const listener = options.listener ?? collect;
  const server = options.tls ? createTlsServer(options.tls, listener) : createServer(listener);
  let connections = 0;
  server.on('connection', () => connections++);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `${options.tls ? 'https' : 'http'}://127.0.0.1:${port}/hook`,
    received,
    connections: () => connections,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};
export type Receiver = Awaited<ReturnType<typeof startReceiver>>;
