import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Principal } from '../../contracts/access.ts';
import { commandList, commandView, listCommandsQuery } from '../../contracts/api-control.ts';
import { newGatewayKeys } from '../../edge-greengrass/sealing/gateway-keys.ts';
import { sealingKeyId } from '../sealing/seal-for-gateway.ts';
import { sealOrder } from '../sealing/seal-orders.ts';
import { listCommands } from './command-lists.ts';
import { readCommand } from './command-repository.ts';
import { dispatchOne, proposal, siteId, startControl, type TestControl } from './test-control.ts';
import { showCommand, showCommands } from './view-command.ts';

let control: TestControl;
beforeAll(async () => {
  control = await startControl();
});
afterAll(() => control.close());

const who: Principal = {
  userId: 5,
  name: 'An operator',
  tenantId: 'tenant-1',
  role: 'mining_site_owner',
  siteIds: [siteId],
};
const pools = [{ url: 'stratum+tcp://pool.example:3333', user: 'w.1', password: 'a pool password' }];

test('lists newest first, page by page, whole or by status, and never shows a pool password', async () => {
  const publicKey = (await newGatewayKeys()).publicKey;
  const seal = sealOrder(async () => ({
    key_id: sealingKeyId(publicKey),
    public_key: Buffer.from(publicKey).toString('base64'),
    announced_at_ms: 0,
  }));
  const sealed = await seal(siteId, ['gw1'], { type: 'POOL_SET', params: { pools } });
  if (!sealed.ok) throw new Error(sealed.failure.message);
  for (let index = 0; index < 5; index++) {
    control.now.ms += 1;
    const result = await control.propose(
      proposal(`gw1_m${index}`, {
        order: sealed.value,
        approvals: ['user:5', 'user:6'],
      }),
    );
    if (!result.ok) throw new Error(result.failure.message);
    if (index === 2) await dispatchOne(control.dispatchDeps)(siteId, result.value.commandId);
  }
  const show = showCommands({
    readSite: async (tenantId) => (tenantId === 'tenant-1' ? {} : undefined),
    listCommands: listCommands(control.store),
  });
  const miners: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await show(who, {
      site_id: siteId,
      limit: 2,
      cursor: listCommandsQuery.shape.cursor.parse(cursor),
    });
    if (!page.ok) throw new Error(page.failure.message);
    expect(JSON.stringify(page.value)).toContain('"user":"w.1"');
    expect(JSON.stringify(page.value)).not.toMatch(/password/i);
    commandList.parse(page.value);
    miners.push(...page.value.commands.map(({ miner_id }) => miner_id));
    cursor = page.value.next_cursor;
  } while (cursor);
  expect(miners).toEqual(['gw1_m4', 'gw1_m3', 'gw1_m2', 'gw1_m1', 'gw1_m0']);
  const sent = await show(who, { site_id: siteId, limit: 10, status: 'DISPATCHED' });
  expect(sent).toMatchObject({ value: { count: 1, commands: [{ miner_id: 'gw1_m2', sequence: 1 }] } });
  for (const stranger of [
    { ...who, tenantId: 'tenant-2' },
    { ...who, siteIds: [2] },
  ])
    expect(await show(stranger, { site_id: siteId, limit: 10 })).toMatchObject({
      failure: { code: 'not_found' },
    });
});

test('shows one command to its tenant only', async () => {
  const result = await control.propose(proposal('gw1_m9'));
  if (!result.ok) throw new Error(result.failure.message);
  const show = showCommand({ readCommand: readCommand(control.store) });
  const shown = await show(who, siteId, result.value.commandId);
  expect(commandView.parse(shown.ok && shown.value)).toMatchObject({
    status: 'APPROVED',
    command_type: 'MINER_RESTART',
  });
  for (const stranger of [
    { ...who, tenantId: 'tenant-2' },
    { ...who, siteIds: [2] },
  ])
    expect(await show(stranger, siteId, result.value.commandId)).toMatchObject({
      failure: { code: 'not_found' },
    });
});
