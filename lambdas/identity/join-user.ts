import type { NewDomainEvent } from '../../contracts/domain-event.ts';
import { toUtc } from '../shared/clock.ts';
import { byUser, statedAccess, userEvent } from './identity-events.ts';
import type { Identity } from './identity-provider.ts';
import type { User } from './user.ts';
import type { SavedUser } from './user-repository.ts';

export type JoinDeps = {
  readonly findByAccount: (subject: string) => Promise<User | undefined>;
  readonly findByEmail: (email: string) => Promise<User | undefined>;
  readonly saveUser: (before: User | undefined, after: User, event: NewDomainEvent) => Promise<SavedUser>;
};

/**
 * The active user that an identity belongs to: by its account; else by the invitation to its verified address; else, once,
 * by the grant of the provider's administrator. Undefined where there is none, so a removed or disabled user stays out
 * whatever the provider says.
 */
export const joinUser =
  ({ findByAccount, findByEmail, saveUser }: JoinDeps) =>
  async (identity: Identity, nowMs: number): Promise<User | undefined> => {
    const known = await findByAccount(identity.subject);
    if (known) return known.status === 'active' ? known : undefined;
    const invited =
      identity.email !== undefined && identity.isEmailVerified
        ? await findByEmail(identity.email)
        : undefined;
    if (invited && invited.status !== 'invited') return undefined;
    const joined = invited
      ? { ...invited, subject: identity.subject, status: 'active' as const }
      : grantedUser(identity, nowMs);
    if (!joined) return undefined;
    const event = userEvent(joined.tenantId, byUser(joined), 'identity.user.joined', {
      user_id: joined.userId,
      ...statedAccess(joined),
      by: invited ? 'invitation' : 'claims',
    });
    const saved = await saveUser(invited, joined, event);
    if (saved.ok) return joined;
    // Another sign-in of the same account was first, or the number or the address belongs to somebody else.
    const now = await findByAccount(identity.subject);
    return now?.status === 'active' ? now : undefined;
  };

const grantedUser = (identity: Identity, nowMs: number): User | undefined =>
  identity.granted && {
    ...identity.granted,
    name: identity.name,
    email: identity.isEmailVerified ? identity.email?.toLowerCase() : undefined,
    subject: identity.subject,
    status: 'active',
    epoch: 1,
    version: 0,
    hasSecondFactor: false,
    createdAt: toUtc(nowMs),
  };
