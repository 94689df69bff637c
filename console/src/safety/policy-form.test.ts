import { expect, it } from 'vitest';
import { type PolicyView, policyBody } from '../../../contracts/api-control.ts';
import {
  bodyOf,
  draftOf,
  emptyWindow,
  limitedFields,
  type PolicyDraft,
  policyLimits,
} from './policy-form.ts';

const view: PolicyView = {
  site_id: 7,
  command_type: 'HASHING_DISABLE',
  version: 3,
  policy: {
    tier: 'high',
    approvers: 2,
    approver_rank: 'manager',
    approver_ids: [5, 6],
    windows: [{ days: ['mon', 'sun'], from: '22:00', to: '06:00' }],
    approval_ttl_s: 3_601,
    delivery_ttl_s: 300,
    power_votes: [{ above_kw: 1_000, votes: 1 }],
    quota_per_hour: { user: 100, site: 200 },
  },
};
const asked = (changes: Partial<PolicyDraft> = {}) =>
  bodyOf({ ...draftOf(view), reason: 'Heat', ...changes }, view);

it('sends back what it was made from, to the second and with the people named', () => {
  expect(asked()).toEqual({ site_id: 7, version: 3, reason: 'Heat', ...view.policy });
});

it('sends what is changed, in the units of the API', () => {
  expect(
    asked({ approvalMin: '90', windows: [], steps: [{ aboveKw: '500.5', votes: '2' }], sitePerHour: '0' }),
  ).toMatchObject({
    approval_ttl_s: 5_400,
    windows: [],
    power_votes: [{ above_kw: 500.5, votes: 2 }],
    quota_per_hour: { user: 100, site: 0 },
  });
});

it('has the limits that the API has', () => {
  for (const field of limitedFields) {
    const { least, most } = policyLimits[field];
    for (const value of [least, most])
      expect([field, value, policyBody.safeParse(asked({ [field]: String(value) })).error]).toEqual([
        field,
        value,
        undefined,
      ]);
    for (const text of [String(least - 1), String(most + 1), '', '1.5', 'many'])
      expect([field, text, asked({ [field]: text })]).toEqual([field, text, undefined]);
  }
});

it('asks for a reason, whole steps, and windows with days and times', () => {
  const broken: readonly Partial<PolicyDraft>[] = [
    { reason: ' ' },
    { steps: [{ aboveKw: '', votes: '1' }] },
    { steps: [{ aboveKw: '5', votes: '4' }] },
    { windows: [{ ...emptyWindow, days: [] }] },
    { windows: [{ ...emptyWindow, from: '24:00' }] },
  ];
  for (const changes of broken) expect([changes, asked(changes)]).toEqual([changes, undefined]);
  expect(policyBody.safeParse(asked({ windows: [emptyWindow] })).error).toBeUndefined();
});
