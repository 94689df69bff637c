import { createServer, type IncomingHttpHeaders } from 'node:http';

export type PlainRequest = {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
};
/** `hang-up` closes without an answer; `silence` never answers. */
export type PlainAnswer =
  | { readonly status?: number; readonly json?: unknown; readonly text?: string; readonly cookie?: string }
  | 'hang-up'
  | 'silence';

/** A web server on loopback that answers each request as the test says, and keeps what it was asked. */
export const plainPeer = async (answer: (request: PlainRequest) => PlainAnswer) => {
  const seen: string[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const { method = '', url: path = '', headers } = request;
    seen.push(`${method} ${path}`);
    const said = answer({ method, path, headers, body });
    if (said === 'silence') return;
    if (said === 'hang-up') return void response.socket?.destroy();
    if (said.cookie) response.setHeader('set-cookie', said.cookie);
    response.writeHead(said.status ?? 200);
    response.end(said.text ?? (said.json === undefined ? '' : JSON.stringify(said.json)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    port: address.port,
    seen,
    close: (): Promise<void> =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
};

/** The parsed body of a request. */
export const jsonOf = ({ body }: PlainRequest): unknown => (body === '' ? undefined : JSON.parse(body));
