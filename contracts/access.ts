import * as z from 'zod';
import { customerId, epochMs, siteId, tenantId, userId } from './identifiers.ts';

/** Six roles (`000` §6.2), most powerful first. A guest is not signed in. */
export const roles = ['owner', 'admin', 'mining_site_owner', 'client', 'customer', 'guest'] as const;
export type Role = (typeof roles)[number];

export const modules = [
  'basic',
  'hosting',
  'curtailment',
  'crm',
  'analytics',
  'ai',
  'user',
  'system',
  'web3',
  'finance',
  'report',
] as const;
export type Module = (typeof modules)[number];

export const accessLevels = ['none', 'read', 'full'] as const;
export type AccessLevel = (typeof accessLevels)[number];

const row = (...levels: [AccessLevel, AccessLevel, AccessLevel, AccessLevel, AccessLevel, AccessLevel]) => ({
  owner: levels[0],
  admin: levels[1],
  mining_site_owner: levels[2],
  client: levels[3],
  customer: levels[4],
  guest: levels[5],
});

/** Who may do what: the one table behind every route's check, the console's menu and their tests. */
export const accessMatrix: Readonly<Record<Module, Readonly<Record<Role, AccessLevel>>>> = {
  basic: row('full', 'full', 'full', 'full', 'full', 'full'),
  hosting: row('full', 'full', 'full', 'read', 'none', 'none'),
  curtailment: row('full', 'full', 'full', 'none', 'none', 'none'),
  crm: row('full', 'full', 'read', 'none', 'none', 'none'),
  analytics: row('full', 'full', 'full', 'read', 'read', 'none'),
  ai: row('full', 'full', 'full', 'read', 'none', 'none'),
  user: row('full', 'full', 'none', 'none', 'none', 'none'),
  system: row('full', 'full', 'read', 'none', 'none', 'none'),
  web3: row('full', 'full', 'read', 'read', 'none', 'none'),
  finance: row('full', 'full', 'read', 'read', 'none', 'none'),
  report: row('full', 'full', 'full', 'read', 'read', 'none'),
};

/** The role words of `001` §2.2, least powerful first. */
export const ranks = ['guest', 'user', 'operator', 'manager', 'admin'] as const;
export type Rank = (typeof ranks)[number];

/** A mining_site_owner may be manager of its sites or only operator there. */
export const duties = ['operator', 'manager'] as const;

/** What an API key may be good for: `<module>:read` or `<module>:full`. */
export type Scope = `${Module}:${Exclude<AccessLevel, 'none'>}`;
export const scopes: readonly Scope[] = modules.flatMap((module): Scope[] => [
  `${module}:read`,
  `${module}:full`,
]);

/** Who is asking, as the authorizer establishes it from the session or API key and every handler receives it. */
export const principal = z.strictObject({
  userId,
  name: z.string().min(1).max(120),
  tenantId,
  role: z.enum(roles),
  duty: z.enum(duties).optional(),
  /** The sites that the user may see; `'all'` means every site of the tenant. */
  siteIds: z.union([z.literal('all'), z.array(siteId)]),
  /** The hosted customers that the account belongs to, for a client or customer: it sees their machines and no others. */
  customerIds: z.array(customerId).optional(),
  /** How it showed who it is; by a session where nothing is said. */
  via: z.enum(['session', 'api_key']).optional(),
  /** The API key's id and what it is good for, within what its owner may do. */
  keyId: z.string().optional(),
  scopes: z.array(z.enum(scopes)).optional(),
  /** When the person of this session last proved to be there: at sign-in, or with the second factor where there is one. */
  provenAtMs: epochMs.optional(),
  /** The account has a second factor, which this session has not shown yet. */
  awaitsCode: z.boolean().optional(),
});
export type Principal = z.infer<typeof principal>;

/** The `001` word for what a principal may do: owner and admin are admin, a site owner is what its duty says. */
export const rankOf = ({ role, duty }: Pick<Principal, 'role' | 'duty'>): Rank => {
  switch (role) {
    case 'owner':
    case 'admin':
      return 'admin';
    case 'mining_site_owner':
      return duty ?? 'manager';
    case 'client':
    case 'customer':
      return 'user';
    case 'guest':
      return 'guest';
  }
};

export const hasRank = (who: Pick<Principal, 'role' | 'duty'>, least: Rank) =>
  ranks.indexOf(rankOf(who)) >= ranks.indexOf(least);

export const hasAccess = (role: Role, module: Module, level: AccessLevel) =>
  accessLevels.indexOf(accessMatrix[module][role]) >= accessLevels.indexOf(level);

/** The scopes that an API key of this role may have. */
export const scopesOf = (role: Role): Scope[] =>
  modules.flatMap((module) =>
    (['read', 'full'] as const)
      .filter((level) => hasAccess(role, module, level))
      .map((level): Scope => `${module}:${level}`),
  );

/** True where one of the scopes gives this level of access to the module, or more. */
export const hasScope = (given: readonly Scope[], module: Module, level: AccessLevel) =>
  given.includes(`${module}:full`) || (level === 'read' && given.includes(`${module}:read`));

/** How long a step-up counts. */
export const stepUpLifeMs = 5 * 60 * 1000;

/** True where a person, not an API key, has proved to be there within the last five minutes. */
export const hasSteppedUp = ({ via, provenAtMs }: Pick<Principal, 'via' | 'provenAtMs'>, nowMs: number) =>
  via !== 'api_key' && provenAtMs !== undefined && nowMs - provenAtMs < stepUpLifeMs;

/** Whose machines a principal may see. */
type Reach = 'all' | readonly string[];

/**
 * A client or customer sees the machines of its own customers, so none where its account names none; staff see every machine
 * of the sites that they reach.
 */
export const customersOf = ({ role, customerIds }: Pick<Principal, 'role' | 'customerIds'>): Reach =>
  role === 'client' || role === 'customer' || role === 'guest' ? (customerIds ?? []) : 'all';

/** True when the principal's account reaches this site. Tenancy is checked apart, where the site is looked up. */
export const reachesSite = ({ siteIds }: Pick<Principal, 'siteIds'>, site: number) =>
  siteIds === 'all' || siteIds.includes(site);
