import type { duties, Principal, Role } from '../../contracts/access.ts';
import { fail, type Result, succeed } from '../shared/result.ts';

export const userStatuses = ['invited', 'active', 'disabled', 'removed'] as const;
export type UserStatus = (typeof userStatuses)[number];

/** What a user may do, and where. */
export type UserAccess = {
  readonly role: Exclude<Role, 'guest'>;
  readonly duty?: (typeof duties)[number] | undefined;
  readonly siteIds: 'all' | readonly number[];
  readonly customerIds?: readonly string[] | undefined;
};

/** A user of a tenant, as the directory keeps it. It, not the identity provider, says what a user may do. */
export type User = UserAccess & {
  readonly tenantId: string;
  readonly userId: number;
  readonly name: string;
  /** Absent where the provider tells none, and once the user is removed. */
  readonly email?: string | undefined;
  /** SHA-256-keyed link to the provider's account; absent until the first sign-in. */
  readonly subject?: string | undefined;
  readonly status: UserStatus;
  /** Sessions of an older epoch are over: one more ends all sessions of the user at once. */
  readonly epoch: number;
  /** One more with every change; a change is written only over the version that it was made from. */
  readonly version: number;
  readonly hasSecondFactor: boolean;
  readonly createdAt: string;
  readonly lastSignedInAt?: string | undefined;
};

/** An owner counts while it can act: the last one of a tenant cannot be taken away. */
const isActiveOwner = ({ role, status }: Pick<User, 'role' | 'status'>) =>
  role === 'owner' && status === 'active';

/** How the number of active owners changes from one state of a user to the next: −1, 0 or 1. */
export const ownerDelta = (
  before: Pick<User, 'role' | 'status'> | undefined,
  after: Pick<User, 'role' | 'status'>,
) => Number(isActiveOwner(after)) - Number(before !== undefined && isActiveOwner(before));

/** Owners are the business of owners; nobody changes their own rights. */
export const mayManage = (
  who: Pick<Principal, 'userId' | 'role'>,
  target: Pick<User, 'userId' | 'role'>,
  next: Pick<User, 'role'> = target,
): Result<undefined> => {
  if (who.userId === target.userId)
    return fail('invalid_state', 'Nobody changes their own account; ask another administrator');
  if ((target.role === 'owner' || next.role === 'owner') && who.role !== 'owner')
    return fail('forbidden', 'Only an owner manages owners');
  return succeed(undefined);
};

/** The rights of a user as a principal carries them. */
export const accessOf = ({ userId, name, tenantId, role, duty, siteIds, customerIds }: User): Principal => ({
  userId,
  name,
  tenantId,
  role,
  ...(duty && { duty }),
  siteIds: siteIds === 'all' ? siteIds : [...siteIds],
  ...(customerIds && { customerIds: [...customerIds] }),
});
