import { type Principal, rankOf, ranks } from '../../contracts/access.ts';
import type { HaltBody, HaltView } from '../../contracts/api-control.ts';
import type { NewDomainEvent } from '../../contracts/domain-event.ts';
import { stateEvent } from '../audit/commit-with-audit.ts';
import { tenantLog } from '../audit/tenant-log.ts';
import { toUtc } from '../shared/clock.ts';
import { fail, type Result, succeed } from '../shared/result.ts';
import { type HaltPlace, type HaltRecord, liftVoteLifeMs, liftVotesNeeded } from './halt.ts';
import { type RequestDeps, reachSite } from './request-deps.ts';

type Read = HaltRecord | 'unreadable' | undefined;
export type HaltDeps = Pick<RequestDeps, 'readSite' | 'clock'> & {
  readonly readHalts: (places: readonly HaltPlace[]) => Promise<readonly Read[]>;
  readonly putHalt: (
    place: HaltPlace,
    before: Read,
    next: HaltRecord,
    event: NewDomainEvent,
  ) => Promise<boolean>;
  /** The ids of a site's gateways. */
  readonly listGateways: (siteId: number) => Promise<readonly string[]>;
};

const attempts = 10;

const placeOf = async (deps: HaltDeps, who: Principal, body: HaltBody): Promise<Result<HaltPlace>> => {
  const { tenantId } = who;
  if (body.scope === 'tenant')
    return who.siteIds === 'all'
      ? succeed({ scope: 'tenant', tenantId })
      : fail('forbidden', 'Only who reaches every site may stop them all');
  const siteId = body.site_id ?? 0;
  const site = await reachSite(deps, who, siteId);
  if (!site.ok) return site;
  if (body.scope === 'site') return succeed({ scope: 'site', tenantId, siteId });
  const gatewayId = body.gateway_id ?? '';
  return (await deps.listGateways(siteId)).includes(gatewayId)
    ? succeed({ scope: 'gateway', tenantId, siteId, gatewayId })
    : fail('not_found', 'Gateway not found');
};

const recordOf = (
  who: Principal,
  place: HaltPlace,
  before: Read,
  change: Pick<HaltRecord, 'halted' | 'reason' | 'lift'>,
  nowMs: number,
): HaltRecord => {
  const known = before === 'unreadable' ? undefined : before;
  const changes = known?.halted !== change.halted;
  return {
    ...place,
    ...change,
    // An unreadable switch has lost its count: go on from the clock, which is far ahead of any.
    epoch: before === 'unreadable' ? Math.floor(nowMs / 1_000) : (known?.epoch ?? 0) + (changes ? 1 : 0),
    revision: before === 'unreadable' ? Math.floor(nowMs / 1_000) : (known?.revision ?? 0) + 1,
    by: changes ? `user:${who.userId}` : (known?.by ?? `user:${who.userId}`),
    atMs: changes ? nowMs : (known?.atMs ?? nowMs),
  };
};

const storyOf = (who: Principal, place: HaltPlace, next: HaltRecord) => ({
  actor_type: 'user' as const,
  actor_id: String(who.userId),
  tenant_id: who.tenantId,
  site_id: place.scope === 'tenant' ? tenantLog(who.tenantId) : place.siteId,
  ref_type: 'halt',
  ref_id: place.scope === 'gateway' ? place.gatewayId : place.scope,
  payload: {
    scope: place.scope,
    ...(place.scope === 'gateway' && { gateway_id: place.gatewayId }),
    epoch: next.epoch,
  },
});

/** Stops every remote write at a gateway, a site or all sites, at once. Setting it again changes nothing. */
export const setHalt =
  (deps: HaltDeps) =>
  async (who: Principal, body: HaltBody): Promise<Result<HaltView>> => {
    const place = await placeOf(deps, who, body);
    if (!place.ok) return place;
    for (let attempt = 0; attempt < attempts; attempt++) {
      const [before] = await deps.readHalts([place.value]);
      if (before !== 'unreadable' && before?.halted && before.lift.length === 0)
        return succeed(toView(before));
      const change = { halted: true, reason: body.reason, lift: [] };
      const next = recordOf(who, place.value, before, change, deps.clock.nowMs());
      const story = storyOf(who, place.value, next);
      const event = stateEvent({
        ...story,
        type: 'control.halt.set',
        payload: { ...story.payload, reason: body.reason },
      });
      if (await deps.putHalt(place.value, before, next, event)) return succeed(toView(next));
    }
    throw new Error('A kill switch stayed contended');
  };

/**
 * One person's wish to allow remote writes again; it takes two people within a quarter of an hour, one of them a manager or
 * above. `invalid_state` where nothing is halted. Setting the switch anew voids the wishes so far.
 */
export const liftHalt =
  (deps: HaltDeps) =>
  async (who: Principal, body: HaltBody): Promise<Result<HaltView>> => {
    const place = await placeOf(deps, who, body);
    if (!place.ok) return place;
    for (let attempt = 0; attempt < attempts; attempt++) {
      const [before] = await deps.readHalts([place.value]);
      if (before !== 'unreadable' && !before?.halted)
        return fail('invalid_state', 'No kill switch is set there');
      const nowMs = deps.clock.nowMs();
      const fresh =
        before === 'unreadable' ? [] : before.lift.filter(({ atMs }) => nowMs - atMs < liftVoteLifeMs);
      const mine = {
        userId: who.userId,
        name: who.name,
        rank: rankOf(who),
        atMs: nowMs,
        reason: body.reason,
      };
      const lift = [...fresh.filter(({ userId }) => userId !== who.userId), mine];
      const lifts =
        lift.length >= liftVotesNeeded &&
        lift.some(({ rank }) => ranks.indexOf(rank) >= ranks.indexOf('manager'));
      const known = before === 'unreadable' ? body.reason : before.reason;
      const next = recordOf(
        who,
        place.value,
        before,
        lifts ? { halted: false, reason: body.reason, lift: [] } : { halted: true, reason: known, lift },
        nowMs,
      );
      const story = storyOf(who, place.value, next);
      const event = lifts
        ? stateEvent({
            ...story,
            type: 'control.halt.lifted',
            payload: {
              ...story.payload,
              by: lift.map(({ userId }) => `user:${userId}`),
              reason: body.reason,
            },
          })
        : stateEvent({
            ...story,
            type: 'control.halt.lift_voted',
            payload: { ...story.payload, reason: body.reason },
          });
      if (await deps.putHalt(place.value, before, next, event)) return succeed(toView(next));
    }
    throw new Error('A kill switch stayed contended');
  };

const toView = ({
  scope,
  siteId,
  gatewayId,
  halted,
  epoch,
  reason,
  by,
  atMs,
  lift,
}: HaltRecord): HaltView => ({
  scope,
  ...(siteId !== undefined && { site_id: siteId }),
  ...(gatewayId !== undefined && { gateway_id: gatewayId }),
  halted,
  readable: true,
  epoch,
  reason,
  by,
  at: toUtc(atMs),
  lift: lift.map((one) => ({ user_id: one.userId, name: one.name, at: toUtc(one.atMs), reason: one.reason })),
});

const viewOf = (place: HaltPlace, read: Read): HaltView =>
  read !== undefined && read !== 'unreadable'
    ? toView(read)
    : {
        scope: place.scope,
        ...(place.scope !== 'tenant' && { site_id: place.siteId }),
        ...(place.scope === 'gateway' && { gateway_id: place.gatewayId }),
        halted: read === 'unreadable',
        readable: read === undefined,
        epoch: 0,
        lift: [],
      };

/** The switches over a site and its gateways. */
export const showHalts =
  (deps: HaltDeps) =>
  async (who: Principal, siteId: number): Promise<Result<HaltView[]>> => {
    const site = await reachSite(deps, who, siteId);
    if (!site.ok) return site;
    const { tenantId } = who;
    const gateways = (await deps.listGateways(siteId)).slice(0, 98);
    const places: HaltPlace[] = [
      { scope: 'tenant', tenantId },
      { scope: 'site', tenantId, siteId },
      ...gateways.map((gatewayId) => ({ scope: 'gateway' as const, tenantId, siteId, gatewayId })),
    ];
    const read = await deps.readHalts(places);
    return succeed(places.map((place, at) => viewOf(place, read[at])));
  };
