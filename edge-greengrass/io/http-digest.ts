import { createHash, randomBytes } from 'node:crypto';
import { type HttpAnswer, httpExchange } from './http-exchange.ts';
import { MinerFault } from './miner-fault.ts';
import { type IoLimits, LostAnswer } from './tcp-exchange.ts';

export type HttpEndpoint = {
  readonly host: string;
  readonly port: number;
  readonly username: string;
  readonly password: string;
};
type Challenge = {
  readonly realm: string;
  readonly nonce: string;
  readonly qop: boolean;
  readonly opaque: string | undefined;
  /** Requests that were made under its nonce. */
  count: number;
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
    count: 0,
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

  constructor(endpoint: HttpEndpoint, limits: IoLimits) {
    this.#endpoint = endpoint;
    this.#limits = limits;
  }

  /**
   * Rejects with MinerFault; `denied` when the credentials are wrong; LostAnswer when the request left, authorised, and
   * no answer came. A request that the server challenges has had no effect, so it is sent again. A body is said to be JSON
   * unless `contentType` says otherwise.
   */
  async send(
    method: 'GET' | 'POST',
    path: string,
    body?: string,
    signal?: AbortSignal,
    contentType?: string,
  ): Promise<HttpAnswer> {
    for (let attempt = 0; attempt < 2; attempt++) {
      const used = this.#challenge;
      const answer = await this.#once(method, path, { body, contentType }, used, signal);
      if (answer.status !== 401) return answer;
      const challenge = parseChallenge(answer.header('www-authenticate') ?? '');
      if (!challenge || challenge.nonce === used?.nonce) break;
      // Another request may have been given the same nonce meanwhile, and have counted on it.
      if (challenge.nonce !== this.#challenge?.nonce) this.#challenge = challenge;
    }
    this.#challenge = undefined;
    throw new MinerFault('denied', 'the miner refuses the configured web credentials');
  }

  #authorization(method: string, path: string, challenge: Challenge) {
    const { realm, nonce, qop, opaque } = challenge;
    const { username, password } = this.#endpoint;
    const ha1 = md5(`${username}:${realm}:${password}`);
    const ha2 = md5(`${method}:${path}`);
    const nc = (++challenge.count).toString(16).padStart(8, '0');
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

  async #once(
    method: 'GET' | 'POST',
    path: string,
    { body, contentType }: { readonly body: string | undefined; readonly contentType: string | undefined },
    challenge: Challenge | undefined,
    signal?: AbortSignal,
  ) {
    const headers = {
      ...(challenge && { authorization: this.#authorization(method, path, challenge) }),
      ...(contentType !== undefined && { 'content-type': contentType }),
    };
    try {
      return await httpExchange(this.#endpoint, { method, path, headers, body }, this.#limits, signal);
    } catch (error) {
      if (challenge || !(error instanceof LostAnswer)) throw error;
      throw new MinerFault(error.kind, error.message);
    }
  }
}
