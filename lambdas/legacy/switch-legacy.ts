import type * as z from 'zod';
import type { Principal } from '../../contracts/access.ts';
import type { legacySetting, legacySwitch } from '../../contracts/api-legacy.ts';
import { type Clock, toUtc } from '../shared/clock.ts';
import { fail, type Result, succeed } from '../shared/result.ts';
import { sunset } from './legacy-headers.ts';
import { isOn, type LegacySwitch } from './legacy-repository.ts';

export type SwitchDeps = {
  readonly reach: (who: Principal, siteId: number) => Promise<Result<unknown>>;
  readonly readSwitch: (tenantId: string, siteId: number) => Promise<LegacySwitch | undefined>;
  readonly writeSwitch: (next: LegacySwitch, userId: number) => Promise<boolean>;
  readonly clock: Clock;
};
type Setting = z.input<typeof legacySetting>;

const dayMs = 86_400_000;

const present = (siteId: number, one: LegacySwitch | undefined, nowMs: number): Setting => {
  const on = one !== undefined && isOn(one, nowMs);
  return {
    site_id: siteId,
    enabled: on,
    ...(on && one.untilMs !== undefined && { until: toUtc(one.untilMs) }),
    ...(one && { changed_by: one.changedBy, changed_at: toUtc(one.changedAtMs) }),
    sunset,
  };
};

/** Whether the old routes work for a site. */
export const showSwitch =
  ({ reach, readSwitch, clock }: SwitchDeps) =>
  async (who: Principal, siteId: number): Promise<Result<{ legacy_api: Setting }>> => {
    const reached = await reach(who, siteId);
    if (!reached.ok) return reached;
    return succeed({ legacy_api: present(siteId, await readSwitch(who.tenantId, siteId), clock.nowMs()) });
  };

/** Switches the old routes of a site on for some days, or off; both stand in the audit log with their reason. */
export const switchLegacy =
  ({ reach, readSwitch, writeSwitch, clock }: SwitchDeps) =>
  async (
    who: Principal,
    siteId: number,
    asked: z.output<typeof legacySwitch>,
  ): Promise<Result<{ legacy_api: Setting }>> => {
    const reached = await reach(who, siteId);
    if (!reached.ok) return reached;
    const nowMs = clock.nowMs();
    const before = await readSwitch(who.tenantId, siteId);
    const next: LegacySwitch = {
      tenantId: who.tenantId,
      siteId,
      enabled: asked.enabled,
      ...(asked.enabled && { untilMs: nowMs + asked.days * dayMs }),
      reason: asked.reason,
      changedBy: `user:${who.userId}`,
      changedAtMs: nowMs,
      version: (before?.version ?? 0) + 1,
    };
    return (await writeSwitch(next, who.userId))
      ? succeed({ legacy_api: present(siteId, next, nowMs) })
      : fail('conflict', 'The setting was changed meanwhile; read it again');
  };
