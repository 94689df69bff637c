import { createHash, randomBytes } from 'node:crypto';
import { request } from 'node:http';
import { MinerFault } from './miner-fault.ts';
import { type IoLimits, LostAnswer } from './tcp-exchange.ts';

export type HttpEndpoint = {
  readonly host: string;
  readonly port: number;
  readonly username: string;
  readonly password: string;
};
export type HttpAnswer = { readonly status: number; readonly body: string };
type RawAnswer = HttpAnswer & { readonly challenge: string | undefined };
type Challenge = {
  readonly realm: string;
  readonly nonce: string;
  readonly qop: boolean;
  readonly opaque: string | undefined;
};

const md5 = (text: string) => createHash('md5').update(text).digest('hex');

const parseChallenge = (header: string): Challenge | undefined => {
  if (!/^digest\s/i.test(header)) return undefined;
  const part = (name: string) => {
    const found = new RegExp(`(?:^|[\\s,])${name}\\s*=\\s*(?:"([^"]*)"|([^\\s,]+))`, 'i').exec(
      header.slice(7),
    );
    return found?.[1] ?? found?.[2];
  };
  const nonce = part('nonce');
  if (nonce === undefined) return undefined;
  return {
    realm: part('realm') ?? '',
    nonce,
    qop: /\bauth\b/.test(part('qop') ?? ''),
    opaque: part('opaque'),
  };
};

/**
 * HTTP with digest authentication (RFC 2617, MD5, qop auth) as miners' web servers do it. The server's nonce is kept,
 * so only the first request and those after it goes stale take two exchanges.
 */
export class DigestClient {
  readonly #endpoint: HttpEndpoint;
  readonly #limits: IoLimits;
  #challenge: Challenge | undefined;
  #count = 0;

  constructor(endpoint: HttpEndpoint, limits: IoLimits) {
    this.#endpoint = endpoint;
    this.#limits = limits;
  }

  /**
   * Rejects with MinerFault; `denied` when the credentials are wrong; LostAnswer when the request left, authorised, and
   * no answer came. A request that the server challenges has had no effect, so it is sent again.
   */
  async send(method: 'GET' | 'POST', path: string, body?: string, signal?: AbortSignal): Promise<HttpAnswer> {
    for (let attempt = 0; attempt < 2; attempt++) {
      const authorized = this.#challenge !== undefined;
      const answer = await this.#once(method, path, body, authorized, signal);
      if (answer.status !== 401) return { status: answer.status, body: answer.body };
      const challenge = parseChallenge(answer.challenge ?? '');
      if (!challenge) break;
      const unchanged = authorized && challenge.nonce === this.#challenge?.nonce;
      this.#challenge = challenge;
      this.#count = 0;
      if (unchanged) break;
    }
    this.#challenge = undefined;
    throw new MinerFault('denied', 'the miner refuses the configured web credentials');
  }

  #authorization(method: string, path: string) {
    if (!this.#challenge) return undefined;
    const { realm, nonce, qop, opaque } = this.#challenge;
    const { username, password } = this.#endpoint;
    const ha1 = md5(`${username}:${realm}:${password}`);
    const ha2 = md5(`${method}:${path}`);
    const nc = (++this.#count).toString(16).padStart(8, '0');
    const cnonce = randomBytes(8).toString('hex');
    const response = qop ? md5(`${ha1}:${nonce}:${nc}:${cnonce}:auth:${ha2}`) : md5(`${ha1}:${nonce}:${ha2}`);
    const fields = [
      `username="${username}"`,
      `realm="${realm}"`,
      `nonce="${nonce}"`,
      `uri="${path}"`,
      `response="${response}"`,
      ...(qop ? ['qop=auth', `nc=${nc}`, `cnonce="${cnonce}"`] : []),
      ...(opaque === undefined ? [] : [`opaque="${opaque}"`]),
    ];
    return `Digest ${fields.join(', ')}`;
  }

  #once(method: string, path: string, body: string | undefined, authorized: boolean, signal?: AbortSignal) {
    return new Promise<RawAnswer>((resolve, reject) => {
      if (signal?.aborted) return reject(new MinerFault('aborted', 'stopped before the miner was asked'));
      const authorization = this.#authorization(method, path);
      let sent = false;
      const outgoing = request({
        host: this.#endpoint.host,
        port: this.#endpoint.port,
        method,
        path,
        agent: false,
        insecureHTTPParser: true,
        maxHeaderSize: 16 * 1024,
        headers: {
          connection: 'close',
          ...(authorization && { authorization }),
          ...(body !== undefined && {
            'content-type': 'application/json',
            'content-length': Buffer.byteLength(body),
          }),
        },
      });
      let timer = setTimeout(
        () => fail('timeout', 'no connection within the deadline'),
        this.#limits.connectMs,
      );
      const settle = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', abort);
      };
      const fail = (kind: MinerFault['kind'], message: string) => {
        settle();
        outgoing.destroy();
        reject(sent && authorized ? new LostAnswer(kind, message) : new MinerFault(kind, message));
      };
      const abort = () => fail('aborted', 'stopped while the miner was asked');
      signal?.addEventListener('abort', abort, { once: true });

      outgoing.once('socket', (socket) =>
        socket.once('connect', () => {
          sent = true;
          clearTimeout(timer);
          timer = setTimeout(
            () => fail('timeout', 'no whole answer within the deadline'),
            this.#limits.exchangeMs,
          );
        }),
      );
      outgoing.on('error', () =>
        fail('unreachable', sent ? 'the connection broke' : 'nothing accepts the connection'),
      );
      outgoing.once('response', (incoming) => {
        const chunks: Buffer[] = [];
        let length = 0;
        incoming.on('data', (chunk: Buffer) => {
          length += chunk.length;
          if (length > this.#limits.maxBytes)
            fail('too_large', `the answer exceeds ${this.#limits.maxBytes} bytes`);
          else chunks.push(chunk);
        });
        incoming.once('error', () => fail('unreachable', 'the connection broke'));
        incoming.once('close', () => {
          if (!incoming.complete) return fail('unreachable', 'the connection broke');
          settle();
          const challenge = incoming.headers['www-authenticate'];
          resolve({
            status: incoming.statusCode ?? 0,
            body: Buffer.concat(chunks).toString('utf8'),
            challenge,
          });
        });
      });
      outgoing.end(body);
    });
  }
}
