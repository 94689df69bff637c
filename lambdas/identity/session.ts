import { createHash, randomBytes } from 'node:crypto';
import type { Principal } from '../../contracts/access.ts';

/** Sessions end eight hours after sign-in, whatever happens in them (`000` §6.3). */
export const sessionLifeMs = 8 * 60 * 60 * 1000;
export const sessionCookie = 'session';
export const loginCookie = 'login';
export const loginLifeMs = 10 * 60 * 1000;

export type Session = { readonly principal: Principal; readonly expiresAtMs: number };

/** 256 random bits: what the browser holds. The server keeps only its hash. */
export const newToken = () => randomBytes(32).toString('base64url');
export const hashToken = (token: string) => createHash('sha256').update(token).digest('hex');

/** A cookie that scripts cannot read and other sites cannot make the browser send with a state change. */
export const cookie = (name: string, value: string, maxAgeMs: number) =>
  `${name}=${value}; Path=/; Max-Age=${Math.floor(maxAgeMs / 1000)}; HttpOnly; Secure; SameSite=Lax`;

/** The value of a cookie among `name=value` strings, as HTTP API passes them. */
export const readCookie = (cookies: readonly string[], name: string) =>
  cookies
    .map((one) => one.trim())
    .find((one) => one.startsWith(`${name}=`))
    ?.slice(name.length + 1);
