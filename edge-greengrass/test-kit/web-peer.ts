import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

type Route = (body: string, response: ServerResponse) => void;
export type WebPeer = {
  readonly port: number;
  readonly seen: string[];
  readonly close: () => Promise<void>;
  /** Makes the nonces given out so far stale. */
  readonly renewNonce: () => void;
};

const md5 = (text: string) => createHash('md5').update(text).digest('hex');

const readAll = async (request: IncomingMessage) => {
  let body = '';
  for await (const chunk of request) body += String(chunk);
  return body;
};

/** A web server with digest authentication as the RFC's example describes it, written for the tests. */
export const webPeer = async (
  routes: Readonly<Record<string, Route>>,
  login = { user: 'root', password: 'root' },
): Promise<WebPeer> => {
  let nonce = md5(String(Math.random()));
  const seen: string[] = [];
  const realm = 'antMiner Configuration';
  const authorised = (request: IncomingMessage) => {
    const header = request.headers.authorization ?? '';
    const part = (name: string) => new RegExp(`\\b${name}="?([^",]+)`).exec(header)?.[1] ?? '';
    if (part('nonce') !== nonce || part('username') !== login.user) return false;
    const ha1 = md5(`${login.user}:${realm}:${login.password}`);
    const ha2 = md5(`${request.method}:${request.url}`);
    return part('response') === md5(`${ha1}:${nonce}:${part('nc')}:${part('cnonce')}:auth:${ha2}`);
  };
  const server = createServer(async (request, response) => {
    const body = await readAll(request);
    if (!authorised(request)) {
      response
        .writeHead(401, { 'www-authenticate': `Digest realm="${realm}", nonce="${nonce}", qop="auth"` })
        .end('401');
      return;
    }
    seen.push(`${request.method} ${request.url}`);
    const route = routes[`${request.method} ${request.url}`];
    if (route) route(body, response);
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    port: address.port,
    seen,
    renewNonce: () => {
      nonce = md5(`${nonce}next`);
    },
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
};
