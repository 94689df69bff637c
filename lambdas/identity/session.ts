import { createHash, randomBytes } from 'node:crypto';
import type { Principal } from '../../contracts/access.ts';
import type { UserRef } from './identity-keys.ts';
import { accessOf, type User } from './user.ts';

/** Sessions end eight hours after sign-in, whatever happens in them (`000` §6.3). */
export const sessionLifeMs = 8 * 60 * 60 * 1000;
export const sessionCookie = 'session';
export const loginCookie = 'login';
export const loginLifeMs = 10 * 60 * 1000;
/** Marks a browser that has passed a second factor before; see attempts.ts. */
export const deviceCookie = 'device';
export const deviceLifeMs = 180 * 24 * 60 * 60 * 1000;

export type Session = UserRef & {
  /** The user's epoch at sign-in: the session is over once the user's is another. */
  readonly epoch: number;
  readonly signedInAtMs: number;
  readonly expiresAtMs: number;
  /** When the identity provider saw the person, if it says so. */
  readonly authenticatedAtMs?: number | undefined;
  /** When the second factor was last shown in it. */
  readonly codeShownAtMs?: number | undefined;
  /** What the browser called itself at sign-in. */
  readonly browser: string;
};

/** 256 random bits: what the browser holds. The server keeps only its hash. */
export const newToken = () => randomBytes(32).toString('base64url');
export const hashToken = (token: string) => createHash('sha256').update(token).digest('hex');
/** What a session is called in lists: part of its token's hash, of no use to whoever reads it. */
export const sessionIdOf = (tokenHash: string) => tokenHash.slice(0, 24);

/** A cookie that scripts cannot read and other sites cannot make the browser send with a state change. */
export const cookie = (name: string, value: string, maxAgeMs: number) =>
  `${name}=${value}; Path=/; Max-Age=${Math.max(0, Math.floor(maxAgeMs / 1000))}; HttpOnly; Secure; SameSite=Lax`;

/** The value of a cookie among `name=value` strings, as HTTP API passes them. */
export const readCookie = (cookies: readonly string[], name: string) =>
  cookies
    .map((one) => one.trim())
    .find((one) => one.startsWith(`${name}=`))
    ?.slice(name.length + 1);

/**
 * Who a live session stands for: nobody once its user is not active any more or has ended its sessions. Rights are the user's
 * of this moment. A proof is the second factor where the user has one, else the sign-in itself.
 */
export const principalOf = (session: Session, user: User | undefined): Principal | undefined => {
  if (user?.status !== 'active' || user.epoch !== session.epoch) return undefined;
  const provenAtMs = user.hasSecondFactor ? session.codeShownAtMs : session.authenticatedAtMs;
  return {
    ...accessOf(user),
    via: 'session',
    ...(provenAtMs !== undefined && { provenAtMs }),
    ...(user.hasSecondFactor && session.codeShownAtMs === undefined && { awaitsCode: true }),
  };
};
