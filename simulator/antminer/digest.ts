import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

const antminerRealm = 'antMiner Configuration';
const nonceLifeMs = 10 * 60_000;

const md5 = (text: string) => createHash('md5').update(text).digest('hex');

export type Credentials = { readonly username: string; readonly password: string };
export type Verdict = 'accepted' | 'refused' | 'stale';

/** HTTP Digest authentication (RFC 2617: MD5, qop=auth) as the miner's web server does it. */
export class DigestGate {
  readonly #secret = randomBytes(16);
  readonly #nowMs: () => number;
  readonly #realm: string;

  constructor(nowMs: () => number, realm = antminerRealm) {
    this.#nowMs = nowMs;
    this.#realm = realm;
  }

  /** The value of WWW-Authenticate for a refused request. */
  challenge(stale: boolean): string {
    const nonce = this.#nonceOf(Math.floor(this.#nowMs() / 1000).toString(16));
    return `Digest realm="${this.#realm}", nonce="${nonce}", qop="auth"${stale ? ', stale=true' : ''}`;
  }

  /** Judges an Authorization header against the request line and the miner's login. */
  judge(header: string | undefined, request: { method: string; url: string }, login: Credentials): Verdict {
    const said = parseDigest(header);
    if (!said) return 'refused';
    const { username, nonce = '', uri = '', response = '', nc = '', cnonce = '', qop } = said;
    if (username !== login.username || said.realm !== this.#realm || uri !== request.url) return 'refused';
    if (qop !== 'auth' || !/^[0-9a-f]{8}$/i.test(nc) || cnonce === '') return 'refused';
    const stamp = nonce.split(':')[0] ?? '';
    if (nonce !== this.#nonceOf(stamp)) return 'stale';
    const keyed = md5(`${login.username}:${this.#realm}:${login.password}`);
    const expected = md5(`${keyed}:${nonce}:${nc}:${cnonce}:${qop}:${md5(`${request.method}:${uri}`)}`);
    if (response.length !== expected.length) return 'refused';
    if (
      !timingSafeEqual(
        Buffer.from(response.toLowerCase(), 'latin1').subarray(0, 32),
        Buffer.from(expected, 'latin1'),
      )
    )
      return 'refused';
    return this.#nowMs() - Number.parseInt(stamp, 16) * 1000 > nonceLifeMs ? 'stale' : 'accepted';
  }

  #nonceOf(stamp: string) {
    return `${stamp}:${createHmac('md5', this.#secret).update(stamp).digest('hex')}`;
  }
}

const parseDigest = (header: string | undefined): Record<string, string | undefined> | undefined => {
  if (!header || !/^digest\s/i.test(header)) return undefined;
  const fields: Record<string, string> = {};
  for (const match of header.slice(7).matchAll(/(\w+)\s*=\s*(?:"([^"]*)"|([^\s,]+))/g)) {
    const name = match[1];
    if (name) fields[name.toLowerCase()] = match[2] ?? match[3] ?? '';
  }
  return fields;
};
