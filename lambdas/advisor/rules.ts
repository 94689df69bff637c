import type * as z from 'zod';
import type { Principal } from '../../contracts/access.ts';
import { reachesSite } from '../../contracts/access.ts';
import type { createRuleBody, Rule, updateRuleBody } from '../../contracts/api-advisor.ts';
import { stateEvent } from '../audit/commit-with-audit.ts';
import { toUtc } from '../shared/clock.ts';
import { fail, type Result, succeed } from '../shared/result.ts';
import { type ChangeDeps, userActor } from './change-recommendation.ts';
import { nextRuleId, putRule, readRule } from './rule-repository.ts';

type Kind = 'created' | 'updated' | 'deactivated';
const changed = (who: Principal, rule: Rule, change: Kind) =>
  stateEvent({
    ...userActor(who.userId),
    tenant_id: who.tenantId,
    site_id: rule.site_id,
    type: 'advisor.rule.changed',
    ref_type: 'rule',
    ref_id: String(rule.id),
    payload: { rule_id: rule.id, change },
  });

/** A new auto-approve rule, `001` §5.7. The caller has checked that the site is the asker's. */
export const createRule =
  (deps: ChangeDeps) =>
  async (
    who: Principal,
    { site_id, name, description = '', conditions }: z.output<typeof createRuleBody>,
  ): Promise<Rule> => {
    const at = toUtc(deps.clock.nowMs());
    const rule: Rule = {
      id: await nextRuleId(deps)(who.tenantId),
      site_id,
      name,
      description,
      conditions,
      is_active: true,
      created_at: at,
      updated_at: at,
    };
    const result = await deps.commit(
      [putRule(deps.advisorTable, who.tenantId, { rule, version: 1 })],
      [changed(who, rule, 'created')],
    );
    if (!result.ok) throw new Error(`Rule ${rule.id} exists already`);
    return rule;
  };

const attempts = 10;

/** Changes a rule, `001` §5.8; conditions are replaced as a whole. `not_found` for another tenant's rule as for none. */
export const updateRule =
  (deps: ChangeDeps) =>
  async (
    who: Principal,
    ruleId: number,
    change: z.output<typeof updateRuleBody>,
    kind: Kind = 'updated',
  ): Promise<Result<Rule>> => {
    for (let attempt = 1; attempt <= attempts; attempt++) {
      const stored = await readRule(deps)(who.tenantId, ruleId);
      if (!stored || !reachesSite(who, stored.rule.site_id)) return fail('not_found', 'Rule not found');
      const known = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
      const rule: Rule = { ...stored.rule, ...known, updated_at: toUtc(deps.clock.nowMs()) };
      const result = await deps.commit(
        [putRule(deps.advisorTable, who.tenantId, { rule, version: stored.version + 1 })],
        [changed(who, rule, kind)],
      );
      if (result.ok) return succeed(rule);
    }
    return fail('conflict', 'The rule is being changed by others');
  };

/** `001` §5.9: a rule is never deleted, because approvals name it. */
export const deactivateRule = (deps: ChangeDeps) => (who: Principal, ruleId: number) =>
  updateRule(deps)(who, ruleId, { is_active: false }, 'deactivated');
