import { expect, it } from 'vitest';
import type { CommandView } from '../../contracts/api-control.ts';
import { legacyStatuses, legacyTypes, newLegacyCommand, orderOfLegacy } from '../../contracts/api-legacy.ts';
import { commandStatuses, minerOrder } from '../../contracts/command.ts';
import { legacyEdgeRoutes, legacyRoutes } from './api.ts';
import { toLegacy } from './legacy-command.ts';
import { legacyHeaders, successors } from './legacy-headers.ts';

const params: Readonly<Record<string, object>> = {
  set_pool: { url: 'stratum+tcp://pool.example:3333', user: 'mine.1', password: 'x' },
  set_fan: { speed: 80 },
  power_mode: { mode: 'low' },
};

it('knows each old type as an order of today, which it shows by its old name', () => {
  const shown = legacyTypes.map((command_type) => {
    const asked = newLegacyCommand.parse({ command_type, miner_id: 'm-1', params: params[command_type] });
    const order = minerOrder.parse(orderOfLegacy(asked));
    const view: CommandView = {
      command_id: 'cmd-1',
      site_id: 1,
      gateway_id: 'gw-1',
      miner_id: 'm-1',
      command_type: order.type,
      params:
        order.type === 'POOL_SET'
          ? { pools: order.params.pools.map(({ url, user }) => ({ url, user })) }
          : order.type === 'SET_FAN'
            ? { duty_pct: order.params.dutyPct }
            : order.type === 'POWER_MODE'
              ? { mode: order.params.mode }
              : {},
      priority: 5,
      status: 'DISPATCHED',
      requested_by: 'user:1',
      approvers: [],
      correlation_id: 'cmd-1',
      created_at: '2026-06-01T00:00:00.000Z',
      expires_at: '2026-06-01T00:10:00.000Z',
      updated_at: '2026-06-01T00:00:00.000Z',
    };
    return [command_type, order.type, toLegacy(view).command_type, toLegacy(view).params];
  });
  expect(shown).toEqual([
    ['reboot', 'MINER_RESTART', 'reboot', {}],
    ['stop', 'HASHING_DISABLE', 'disable', {}],
    ['disable', 'HASHING_DISABLE', 'disable', {}],
    ['start', 'HASHING_ENABLE', 'enable', {}],
    ['enable', 'HASHING_ENABLE', 'enable', {}],
    ['set_pool', 'POOL_SET', 'set_pool', { url: 'stratum+tcp://pool.example:3333', user: 'mine.1' }],
    ['set_fan', 'SET_FAN', 'set_fan', { speed: 80 }],
    ['power_mode', 'POWER_MODE', 'power_mode', { mode: 'low' }],
  ]);
});

it('shows every status of today as one that old clients know', () => {
  expect(Object.keys(legacyStatuses).toSorted()).toEqual([...commandStatuses].toSorted());
});

it('says of each old route since when, until when and where to', () => {
  const paths = [...Object.values(legacyRoutes), ...Object.values(legacyEdgeRoutes)].map(({ path }) => path);
  expect([...new Set(paths)].toSorted()).toEqual(Object.keys(successors).toSorted());
  expect(legacyHeaders('/api/commands/{command_id}', { command_id: 'cmd-1/../x' })).toEqual({
    deprecation: '@1769472000',
    sunset: 'Mon, 01 Jun 2026 00:00:00 GMT',
    link: '</api/v1/commands/cmd-1%2F..%2Fx>; rel="successor-version"',
  });
});
