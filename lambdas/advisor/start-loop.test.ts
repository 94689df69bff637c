import { expect, it } from 'vitest';
import { loopStartOf } from './start-loop.ts';

const opened = (more: Record<string, string>) => ({
  'detail-type': 'alerting.alert.opened',
  detail: {
    version: 1,
    event_id: 'evt_0123456789ab',
    tenant_id: 'demo',
    site_id: 1,
    actor_type: 'system',
    actor_id: 'alerting',
    type: 'alerting.alert.opened',
    ref_type: 'alert',
    ref_id: 'al-1',
    created_at: '2026-01-27T10:30:00.000Z',
    payload: {
      alert_id: 'al-1',
      miner_id: 'm-1',
      zone_id: 'z-1',
      kind: 'fan_failure',
      severity: 'P2',
      sampled_at_ms: 1,
      batch_received_at_ms: 2,
      ...more,
    },
  },
});

it('starts a loop for an alert that stands alone', () => {
  expect(loopStartOf(opened({}))).toMatchObject({ loopId: 'al-1', minerIds: ['m-1'] });
});

it.each([{ incident_id: 'in-1' }, { parent_alert_id: 'al-0' }])(
  'starts none for an alert with %o: another has its loop',
  (more) => {
    expect(loopStartOf(opened(more))).toBeUndefined();
  },
);
