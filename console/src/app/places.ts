import { hasAccess, hasRank, type Module, type Principal, type Rank } from '../../../contracts/access.ts';
import type { Messages } from '../i18n/en.ts';

/** A page of the menu, and the right to read that its routes ask for. */
export type Place = {
  readonly href: string;
  readonly name: keyof Omit<Messages['nav'], 'title'>;
  readonly module: Module;
  readonly rank?: Rank;
};

/** The menu in its order. What of it a person sees follows from the access matrix alone. */
export const places: readonly Place[] = [
  { href: '/', name: 'overview', module: 'hosting' },
  { href: '/telemetry', name: 'telemetry', module: 'hosting' },
  { href: '/alerts', name: 'alerts', module: 'hosting' },
  { href: '/recommendations', name: 'recommendations', module: 'ai' },
  { href: '/loops', name: 'loops', module: 'ai' },
  { href: '/commands', name: 'commands', module: 'hosting', rank: 'operator' },
  { href: '/batches', name: 'batches', module: 'hosting', rank: 'operator' },
  { href: '/safety', name: 'safety', module: 'hosting', rank: 'operator' },
  { href: '/gateways', name: 'gateways', module: 'hosting', rank: 'operator' },
  { href: '/rules', name: 'rules', module: 'ai' },
  { href: '/audit', name: 'audit', module: 'system' },
  { href: '/webhooks', name: 'webhooks', module: 'system' },
  { href: '/users', name: 'users', module: 'user', rank: 'admin' },
  { href: '/account', name: 'account', module: 'basic' },
];

type Reader = Pick<Principal, 'role' | 'duty'>;
export const placesOf = (who: Reader) =>
  places.filter(({ module, rank }) => hasAccess(who.role, module, 'read') && (!rank || hasRank(who, rank)));
