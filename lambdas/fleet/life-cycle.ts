import * as z from 'zod';
import type { Principal } from '../../contracts/access.ts';
import type { lifeStatuses } from '../../contracts/api-fleet.ts';
import type { NewDomainEvent } from '../../contracts/domain-event.ts';
import { type Failure, fail, type Result, succeed } from '../shared/result.ts';
import { changedMeanwhile } from './commit-steps.ts';

/** What is archived rather than deleted, and never changed without knowing what it was. */
export type Kept = {
  readonly status: (typeof lifeStatuses)[number];
  readonly version: number;
  readonly archived_at?: string | undefined;
};
type Fields = Readonly<Record<string, unknown>>;
const json = z.record(z.string(), z.json());
/** Fields as they were and as they are, for the audit log. */
export type Difference = { readonly from: z.infer<typeof json>; readonly to: z.infer<typeof json> };

const isSame = (a: unknown, b: unknown) => JSON.stringify(a ?? null) === JSON.stringify(b ?? null);

/** What of `change` is different from `current`; null clears a field, undefined leaves it. */
export const differenceOf = (current: object, change: Fields): Difference => {
  const before = new Map<string, unknown>(Object.entries(current));
  const different = Object.entries(change).filter(
    ([field, value]) => value !== undefined && !isSame(before.get(field), value),
  );
  return {
    from: json.parse(Object.fromEntries(different.map(([field]) => [field, before.get(field) ?? null]))),
    to: json.parse(Object.fromEntries(different)),
  };
};

export const isEmpty = ({ to }: Difference) => Object.keys(to).length === 0;

/** The thing with the fields of `to`; those that are null are gone. The caller's schema says what it may be. */
export const withChange = <T extends { readonly version: number }>(current: T, { to }: Difference) =>
  Object.fromEntries(
    Object.entries({ ...current, ...to, version: current.version + 1 }).filter(
      ([, value]) => value !== null && value !== undefined,
    ),
  );

type Change = Fields & { readonly version: number; readonly reason?: string | undefined };

/** Fails where the change was made for another version, or the thing is archived. */
export const differenceFor = (
  what: string,
  current: Kept,
  { version, reason: _, ...fields }: Change,
): Result<Difference> => {
  if (version !== current.version) return refused(changedMeanwhile(what));
  if (current.status === 'archived') return fail('invalid_state', `${what} is archived`);
  return succeed(differenceOf(current, fields));
};

/** The thing archived or brought back; fails where it is so already. */
export const withStatus = <T extends Kept>(
  what: string,
  { archived_at: _, ...current }: T,
  status: Kept['status'],
  version: number,
  now: string,
): Result<Omit<T, 'archived_at'> & Kept> => {
  if (version !== current.version) return refused(changedMeanwhile(what));
  if (status === current.status) return fail('invalid_state', `${what} is ${status} already`);
  return succeed({
    ...current,
    status,
    version: version + 1,
    ...(status === 'archived' && { archived_at: now }),
  });
};

const refused = ({ code, message, issues }: Failure) => fail(code, message, issues);

export type By = Pick<NewDomainEvent, 'actor_type' | 'actor_id'>;
export const userOf = (who: Pick<Principal, 'userId'>): By => ({
  actor_type: 'user',
  actor_id: String(who.userId),
});
/** Who changes what is of which site, and when. */
export type Doing = {
  readonly tenantId: string;
  readonly siteId: number;
  readonly by: By;
  readonly now: string;
};
export const refTo = ({ tenantId, siteId, by }: Doing, ref_type: string, ref_id: string) => ({
  ...by,
  tenant_id: tenantId,
  site_id: siteId,
  ref_type,
  ref_id,
});
