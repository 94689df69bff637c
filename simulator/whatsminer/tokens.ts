import type { Random } from '../physics/random.ts';
import { md5crypt } from './md5crypt.ts';

const tokenLifeMs = 30 * 60_000;
const maxTokensPerAddress = 32;
const maxAddresses = 16;
const saltLetters = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** What get_token tells a client, who derives the key and the token from it and the password. */
export type TokenGrant = { readonly time: string; readonly salt: string; readonly newsalt: string };

/**
 * The tokens that a miner has given out: 30 minutes each, at most 32 per client address and 16 addresses at a time.
 */
export class TokenStore {
  readonly #salt: string;
  readonly #random: Random;
  readonly #nowMs: () => number;
  #key: string | undefined;
  #password: string;
  #issued: { sign: string; address: string; expiresMs: number }[] = [];

  constructor(options: { password: string; random: Random; nowMs: () => number }) {
    this.#password = options.password;
    this.#random = options.random;
    this.#nowMs = options.nowMs;
    this.#salt = this.#letters();
  }

  /** The checksum of the password, from which the cipher's key is made. */
  get key(): string {
    this.#key ??= md5crypt(this.#password, this.#salt);
    return this.#key;
  }

  get password() {
    return this.#password;
  }

  get hasDefaultPassword() {
    return this.#password === 'admin';
  }

  /** Undefined when the client has as many tokens as it may. */
  issue(address: string): TokenGrant | undefined {
    const now = this.#nowMs();
    this.#issued = this.#issued.filter((token) => token.expiresMs > now);
    const addresses = new Set(this.#issued.map((token) => token.address));
    const own = this.#issued.filter((token) => token.address === address).length;
    if (own >= maxTokensPerAddress || (own === 0 && addresses.size >= maxAddresses)) return undefined;
    const time = String(Math.floor(now / 1000)).slice(-4);
    const newsalt = this.#letters();
    const sign = md5crypt(this.key + time, newsalt);
    this.#issued.push({ sign, address, expiresMs: now + tokenLifeMs });
    return { time, salt: this.#salt, newsalt };
  }

  /** Whether a token was given to this client and still holds. */
  accepts(sign: string, address: string): boolean {
    const now = this.#nowMs();
    return this.#issued.some(
      (token) => token.sign === sign && token.address === address && token.expiresMs > now,
    );
  }

  /** False when the old password is wrong. All tokens end with it. */
  changePassword(old: string, next: string): boolean {
    if (old !== this.#password) return false;
    this.#password = next;
    this.#key = undefined;
    this.#issued = [];
    return true;
  }

  #letters() {
    return Array.from({ length: 8 }, () =>
      saltLetters.charAt(Math.floor(this.#random() * saltLetters.length)),
    ).join('');
  }
}
