import type { roles } from '../../../contracts/access.ts';
import type { UserView } from '../../../contracts/api-users.ts';

export const givenRoles = [
  'owner',
  'admin',
  'mining_site_owner',
  'client',
  'customer',
] as const satisfies readonly (typeof roles)[number][];
type GivenRole = (typeof givenRoles)[number];

/** A user as it stands in the form. */
export type UserDraft = {
  readonly email: string;
  readonly name: string;
  readonly role: GivenRole;
  readonly duty: 'operator' | 'manager';
  /** Site numbers with commas between them; empty for all. */
  readonly sites: string;
  readonly customers: string;
  readonly reason: string;
};

export const draftOf = (user?: UserView): UserDraft => ({
  email: user?.email ?? '',
  name: user?.name ?? '',
  role: user?.role ?? 'client',
  duty: user?.duty ?? 'operator',
  sites: user === undefined || user.site_ids === 'all' ? '' : user.site_ids.join(', '),
  customers: (user?.customer_ids ?? []).join(', '),
  reason: '',
});

const listOf = (text: string) =>
  text
    .split(/[\s,，]+/)
    .map((part) => part.trim())
    .filter(Boolean);

/** The numbers, `all` for none, or undefined where something is no site number. */
export const sitesOf = (text: string): 'all' | number[] | undefined => {
  const parts = listOf(text);
  if (parts.length === 0) return 'all';
  return parts.every((part) => /^[1-9]\d{0,8}$/.test(part)) ? parts.map(Number) : undefined;
};

export const isHosted = (role: GivenRole) => role === 'client' || role === 'customer';
export const isEmail = (text: string) => /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(text.trim());

/** The part of a request that invitation and change have in common; undefined where the form is not complete. */
export const bodyOf = (draft: UserDraft) => {
  const siteIds = sitesOf(draft.sites);
  if (!siteIds || !draft.name.trim() || !draft.reason.trim()) return undefined;
  const customers = listOf(draft.customers);
  return {
    name: draft.name.trim(),
    role: draft.role,
    ...(draft.role === 'mining_site_owner' && { duty: draft.duty }),
    site_ids: siteIds,
    ...(isHosted(draft.role) && customers.length > 0 && { customer_ids: customers }),
    reason: draft.reason.trim(),
  };
};
