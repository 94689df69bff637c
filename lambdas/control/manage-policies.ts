import * as z from 'zod';
import type { Principal } from '../../contracts/access.ts';
import type { Policy, PolicyBody, PolicyView } from '../../contracts/api-control.ts';
import { type MinerOrderType, minerOrderTypes } from '../../contracts/command.ts';
import type { NewDomainEvent } from '../../contracts/domain-event.ts';
import { stateEvent } from '../audit/commit-with-audit.ts';
import { toUtc } from '../shared/clock.ts';
import { fail, type Result, succeed } from '../shared/result.ts';
import { defaultPolicy, faultsOf, type StoredPolicy } from './policy.ts';
import { type RequestDeps, reachSite } from './request-deps.ts';

export type PolicyDeps = Pick<RequestDeps, 'readSite' | 'readPolicy' | 'clock'> & {
  readonly listPolicies: (siteId: number) => Promise<readonly StoredPolicy[]>;
  readonly changePolicy: (
    place: { readonly siteId: number; readonly commandType: MinerOrderType },
    version: number,
    next: StoredPolicy | undefined,
    event: NewDomainEvent,
  ) => Promise<boolean>;
};

const toView = (
  siteId: number,
  commandType: MinerOrderType,
  stored: StoredPolicy | undefined,
): PolicyView => ({
  site_id: siteId,
  command_type: commandType,
  version: stored?.version ?? 0,
  ...(stored && { set_by: stored.setBy, set_at: toUtc(stored.setAtMs) }),
  policy: stored?.policy ?? defaultPolicy(commandType),
});

/** What holds for every type of order at a site. */
export const showPolicies =
  (deps: PolicyDeps) =>
  async (who: Principal, siteId: number): Promise<Result<PolicyView[]>> => {
    const site = await reachSite(deps, who, siteId);
    if (!site.ok) return site;
    const stored = new Map((await deps.listPolicies(siteId)).map((one) => [one.commandType, one]));
    return succeed(minerOrderTypes.map((type) => toView(siteId, type, stored.get(type))));
  };

export const showPolicy =
  (deps: PolicyDeps) =>
  async (who: Principal, siteId: number, type: MinerOrderType): Promise<Result<PolicyView>> => {
    const site = await reachSite(deps, who, siteId);
    return site.ok ? succeed(toView(siteId, type, await deps.readPolicy(siteId, type))) : site;
  };

const eventOf = (
  who: Principal,
  siteId: number,
  type: MinerOrderType,
  {
    policy,
    ...change
  }: { readonly change: 'set' | 'removed'; readonly policy?: Policy; readonly reason: string },
) =>
  stateEvent({
    actor_type: 'user',
    actor_id: String(who.userId),
    tenant_id: who.tenantId,
    site_id: siteId,
    type: 'control.policy.changed',
    ref_type: 'command_policy',
    ref_id: type,
    payload: {
      command_type: type,
      ...change,
      ...(policy && { policy: z.record(z.string(), z.json()).parse(policy) }),
    },
  });

/** Sets what a site demands for a type; never less than the product's own policy. `conflict` where it is not the version named. */
export const setPolicy =
  (deps: PolicyDeps) =>
  async (who: Principal, type: MinerOrderType, body: PolicyBody): Promise<Result<PolicyView>> => {
    const { site_id: siteId, version, reason, ...given } = body;
    const site = await reachSite(deps, who, siteId);
    if (!site.ok) return site;
    const named = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
    const policy: Policy = { ...defaultPolicy(type), ...named };
    const faults = faultsOf(type, policy);
    if (faults[0]) return fail('validation_failed', faults[0].message, faults);
    const next: StoredPolicy = {
      siteId,
      commandType: type,
      policy,
      version: version + 1,
      setBy: `user:${who.userId}`,
      setAtMs: deps.clock.nowMs(),
    };
    const event = eventOf(who, siteId, type, { change: 'set', policy, reason });
    return (await deps.changePolicy({ siteId, commandType: type }, version, next, event))
      ? succeed(toView(siteId, type, next))
      : fail('conflict', 'The policy has changed meanwhile: look again');
  };

/** Goes back to the product's own policy. */
export const removePolicy =
  (deps: PolicyDeps) =>
  async (
    who: Principal,
    type: MinerOrderType,
    {
      site_id: siteId,
      version,
      reason,
    }: { readonly site_id: number; readonly version: number; readonly reason: string },
  ): Promise<Result<PolicyView>> => {
    const site = await reachSite(deps, who, siteId);
    if (!site.ok) return site;
    const event = eventOf(who, siteId, type, { change: 'removed', reason });
    return (await deps.changePolicy({ siteId, commandType: type }, version, undefined, event))
      ? succeed(toView(siteId, type, undefined))
      : fail('conflict', 'The policy has changed meanwhile: look again');
  };
