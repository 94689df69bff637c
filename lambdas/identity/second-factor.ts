import type { Principal } from '../../contracts/access.ts';
import type { NewDomainEvent } from '../../contracts/domain-event.ts';
import type { TransactItem } from '../audit/commit-with-audit.ts';
import type { Clock } from '../shared/clock.ts';
import { fail, type Result, succeed } from '../shared/result.ts';
import { type AttemptDeps, withAttempts } from './attempts.ts';
import { byUser, userEvent } from './identity-events.ts';
import type { UserRef } from './identity-keys.ts';
import { hashRecoveryCode, newRecoveryCodes } from './recovery-codes.ts';
import type { SecondFactor } from './second-factor-repository.ts';
import { hashToken, newToken, type Session, sessionIdOf } from './session.ts';
import type { HeldSession } from './session-repository.ts';
import { matchCode, newTotpSecret, otpauthUri, toBase32 } from './totp.ts';
import { mayManage, type User } from './user.ts';
import type { SavedUser } from './user-repository.ts';

export type FactorDeps = {
  readonly findUser: (ref: UserRef) => Promise<User | undefined>;
  readonly saveUser: (
    before: User,
    after: User,
    event: NewDomainEvent,
    more: readonly TransactItem[],
  ) => Promise<SavedUser>;
  readonly findFactor: (ref: UserRef) => Promise<SecondFactor | undefined>;
  readonly putPending: (ref: UserRef, sealed: Uint8Array) => Promise<void>;
  readonly seal: (ref: UserRef, secret: Uint8Array) => Promise<Uint8Array>;
  readonly open: (ref: UserRef, sealed: Uint8Array) => Promise<Uint8Array>;
  readonly changes: (ref: UserRef) => {
    readonly activate: (step: number, recoveryHashes: readonly string[]) => TransactItem;
    readonly spendCode: (step: number) => TransactItem;
    readonly spendRecoveryCode: (hash: string) => TransactItem;
    readonly remove: () => TransactItem;
  };
  readonly attempts: (ref: UserRef, nowMs: number) => AttemptDeps;
  readonly rememberDevice: (ref: UserRef, deviceHash: string, nowMs: number) => TransactItem;
  /** Puts one session in place of another. */
  readonly rotate: (ended: HeldSession, opened: HeldSession) => readonly TransactItem[];
  /** False where a condition among the items did not hold; then nothing was written. */
  readonly commit: (items: readonly TransactItem[], event: NewDomainEvent) => Promise<boolean>;
  readonly clock: Clock;
};

const rejected = fail('forbidden', 'This code is not right, or was used before');
const refOf = ({ tenantId, userId }: Principal): UserRef => ({ tenantId, userId });

/** Begins: a secret for the person's app, which counts for nothing until a code of it has come. */
export const enrolFactor =
  (deps: FactorDeps) =>
  async (who: Principal): Promise<Result<{ secret: string; otpauth_uri: string }>> => {
    const ref = refOf(who);
    const user = await deps.findUser(ref);
    if (!user || user.hasSecondFactor)
      return fail('invalid_state', 'There is a second factor already; remove it first');
    const secret = newTotpSecret();
    await deps.putPending(ref, await deps.seal(ref, secret));
    return succeed({
      secret: toBase32(secret),
      otpauth_uri: otpauthUri(secret, user.email ?? user.name),
    });
  };

/** The session of this moment with the second factor shown, under a new token. */
const shownIn = ({ session }: HeldSession, nowMs: number) => {
  const token = newToken();
  const opened: HeldSession = {
    tokenHash: hashToken(token),
    session: { ...session, codeShownAtMs: nowMs },
  };
  return { token, opened };
};

/** A session's new token, for its cookie, and when the session ends. */
export type Renewed = { readonly sessionToken: string; readonly session: Session };

/** Ends the enrolment with a first code. From now on every sign-in asks for one. */
export const confirmFactor =
  (deps: FactorDeps) =>
  async (
    who: Principal,
    held: HeldSession,
    code: string,
  ): Promise<Result<Renewed & { readonly recoveryCodes: readonly string[] }>> => {
    const ref = refOf(who);
    const nowMs = deps.clock.nowMs();
    const [user, factor] = await Promise.all([deps.findUser(ref), deps.findFactor(ref)]);
    if (!user || !factor || factor.isActive) return fail('invalid_state', 'No enrolment is under way');
    const step = matchCode(await deps.open(ref, factor.sealed), code, nowMs, factor.lastStep);
    if (step === undefined) return rejected;
    const recoveryCodes = newRecoveryCodes();
    const { token, opened } = shownIn(held, nowMs);
    const event = userEvent(who.tenantId, byUser(who), 'identity.second_factor.enrolled', {
      user_id: who.userId,
    });
    const saved = await deps.saveUser(user, { ...user, hasSecondFactor: true }, event, [
      deps.changes(ref).activate(step, recoveryCodes.map(hashRecoveryCode)),
      ...deps.rotate(held, opened),
    ]);
    if (!saved.ok) return fail('conflict', 'The account was changed meanwhile; begin again');
    return succeed({ sessionToken: token, session: opened.session, recoveryCodes });
  };

export type Proof = { readonly code: string } | { readonly recovery_code: string };

/**
 * Takes a code, or a recovery code, once. The session gets a new token and counts as proven for five minutes; the browser is
 * remembered, so that its attempts are its own from now on.
 */
export const stepUp =
  (deps: FactorDeps) =>
  async (
    who: Principal,
    held: HeldSession,
    deviceToken: string | undefined,
    proof: Proof,
  ): Promise<Result<Renewed & { readonly deviceToken: string }>> => {
    const ref = refOf(who);
    const nowMs = deps.clock.nowMs();
    const [user, factor] = await Promise.all([deps.findUser(ref), deps.findFactor(ref)]);
    if (!user?.hasSecondFactor || !factor?.isActive)
      return fail('invalid_state', 'There is no second factor; sign in again instead');
    const deviceHash = deviceToken && hashToken(deviceToken);
    const { token, opened } = shownIn(held, nowMs);
    const newDeviceToken = newToken();
    const judge = async () => {
      const spent = await spend(deps, ref, factor, proof, nowMs);
      if (!spent) return undefined;
      const event = userEvent(who.tenantId, byUser(who), 'identity.session.stepped_up', {
        user_id: who.userId,
        session_id: sessionIdOf(opened.tokenHash),
        ...spent.stated,
      });
      const remembered = [deps.rememberDevice(ref, hashToken(newDeviceToken), nowMs)];
      const items = [spent.item, ...deps.rotate(held, opened), ...remembered];
      return (await deps.commit(items, event)) || undefined;
    };
    const passed = await withAttempts(deps.attempts(ref, nowMs))(deviceHash || undefined, judge);
    if (!passed.ok) return passed;
    return succeed({ sessionToken: token, session: opened.session, deviceToken: newDeviceToken });
  };

const spend = async (deps: FactorDeps, ref: UserRef, factor: SecondFactor, proof: Proof, nowMs: number) => {
  const changes = deps.changes(ref);
  if ('code' in proof) {
    const step = matchCode(await deps.open(ref, factor.sealed), proof.code, nowMs, factor.lastStep);
    return step === undefined
      ? undefined
      : { item: changes.spendCode(step), stated: { by: 'code' as const } };
  }
  const hash = hashRecoveryCode(proof.recovery_code);
  if (!factor.recoveryHashes.includes(hash)) return undefined;
  return {
    item: changes.spendRecoveryCode(hash),
    stated: {
      by: 'recovery_code' as const,
      recovery_codes_left: factor.recoveryHashes.length - 1,
    },
  };
};

/** Takes the second factor away: one's own, or with a reason that of somebody who has lost it, whose sessions then end. */
export const removeFactor =
  (deps: FactorDeps) =>
  async (who: Principal, userId: number, reason?: string): Promise<Result<User>> => {
    const ref = { tenantId: who.tenantId, userId };
    const user = await deps.findUser(ref);
    if (!user) return fail('not_found', 'User not found');
    const isOwn = who.userId === userId;
    const allowed = isOwn ? succeed(undefined) : mayManage(who, user);
    if (!allowed.ok) return allowed;
    if (!user.hasSecondFactor) return fail('invalid_state', 'There is no second factor');
    const after = { ...user, hasSecondFactor: false, epoch: isOwn ? user.epoch : user.epoch + 1 };
    const event = userEvent(who.tenantId, byUser(who), 'identity.second_factor.removed', {
      user_id: userId,
      ...(reason !== undefined && { reason }),
    });
    const saved = await deps.saveUser(user, after, event, [deps.changes(ref).remove()]);
    return saved.ok
      ? succeed(after)
      : fail('conflict', 'The user was changed meanwhile; look again and repeat');
  };
