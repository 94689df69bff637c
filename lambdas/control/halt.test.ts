import { createHmac } from 'node:crypto';
import { PutCommand } from '@aws-sdk/lib-dynamodb';
import canonicalize from 'canonicalize';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { HaltMessage } from '../../contracts/halt.ts';
import { liftHalt, setHalt, showHalts } from './change-halt.ts';
import { listCommands } from './command-lists.ts';
import { controlKeys } from './control-keys.ts';
import { dispatchCommands } from './dispatch-command.ts';
import { liftVoteLifeMs } from './halt.ts';
import { readHaltsOver } from './halt-repository.ts';
import { haltMessageFor, publishHalts } from './publish-halts.ts';
import { dispatchOne, proposal, siteId, startMs } from './test-control.ts';
import { admin, made, person, startRequests, type TestRequests } from './test-requests.ts';

let control: TestRequests;
beforeEach(async () => {
  control = await startRequests();
});
afterEach(() => control.close());

const at = {
  site: { scope: 'site', site_id: siteId, reason: 'Fire' },
  gateway: { scope: 'gateway', site_id: siteId, gateway_id: 'gw1', reason: 'Smoke' },
  tenant: { scope: 'tenant', reason: 'Everything' },
} as const;
const approved = async (minerId: string) => made(await control.propose(proposal(minerId))).commandId;
const statusOf = async (commandId: string) => (await control.read(commandId))?.status;
const tell = () => ({
  readHaltsOver: readHaltsOver(control.store),
  openGatewaySecret: control.dispatchDeps.openGatewaySecret,
  clock: control.store.clock,
});

test.each([
  ['gateway', true, false],
  ['site', true, true],
  ['tenant', true, true],
] as const)('a switch over the %s stops what it covers, and nothing else', async (scope, first, second) => {
  const commands = [await approved('gw1_m1'), await approved('gw2_m1')];
  made(await setHalt(control.deps)(admin, at[scope]));
  for (const commandId of commands) await dispatchOne(control.dispatchDeps)(siteId, commandId);
  expect(await Promise.all(commands.map(statusOf))).toEqual(
    [first, second].map((halted) => (halted ? 'APPROVED' : 'DISPATCHED')),
  );
  expect(control.published).toHaveLength(second ? 0 : 1);
});

test.each([
  ['no word at all', {}],
  ['a word that is none', { halted: 'perhaps' }],
  ['a number', { halted: 0 }],
])('what cannot be read is halted: %s', async (_, content) => {
  const commandId = await approved('gw1_m1');
  const Item = { ...controlKeys.siteHalt(siteId), ...content };
  await control.db.send(new PutCommand({ TableName: control.store.controlTable, Item }));
  await dispatchOne(control.dispatchDeps)(siteId, commandId);
  expect([await statusOf(commandId), control.published.length]).toEqual(['APPROVED', 0]);
  expect(await haltMessageFor(tell())('tenant-1', siteId, 'gw1')).toMatchObject({ halted: true });
  expect(made(await showHalts(control.deps)(admin, siteId))).toMatchObject([
    { scope: 'tenant', halted: false },
    { scope: 'site', halted: true, readable: false },
    {},
    {},
  ]);
  made(await liftHalt(control.deps)(person(5), at.site));
  expect(made(await liftHalt(control.deps)(person(6, 'manager'), at.site))).toMatchObject({ halted: false });
  await dispatchOne(control.dispatchDeps)(siteId, commandId);
  expect(await statusOf(commandId)).toBe('DISPATCHED');
});

test('one operator sets it; lifting takes two people, one of them a manager, within a quarter of an hour', async () => {
  expect(made(await setHalt(control.deps)(person(5), at.site))).toMatchObject({ halted: true, epoch: 1 });
  expect(made(await setHalt(control.deps)(person(6), at.site))).toMatchObject({ epoch: 1, by: 'user:5' });
  const lift = async (who = person(5)) => made(await liftHalt(control.deps)(who, at.site)).halted;
  expect([await lift(), await lift(), await lift(person(6))]).toEqual([true, true, true]);
  control.now.ms += liftVoteLifeMs;
  expect(await lift(person(7, 'manager'))).toBe(true);
  made(await setHalt(control.deps)(person(5), at.site));
  expect(await lift(person(6))).toBe(true);
  expect(await lift(person(7, 'manager'))).toBe(false);
  expect(await liftHalt(control.deps)(person(5), at.site)).toMatchObject({
    failure: { code: 'invalid_state' },
  });
  expect(made(await setHalt(control.deps)(person(5), at.site))).toMatchObject({ halted: true, epoch: 3 });
  expect(await setHalt(control.deps)(person(5), at.tenant)).toMatchObject({ failure: { code: 'forbidden' } });
  expect(await setHalt(control.deps)(person(5), { ...at.gateway, gateway_id: 'gw9' })).toMatchObject({
    failure: { code: 'not_found' },
  });
  expect((await control.events()).every((type) => type.startsWith('control.halt.'))).toBe(true);
});

test('many people at once: it is lifted once, and each change has its own epoch', async () => {
  made(await setHalt(control.deps)(person(5), at.site));
  const all = await Promise.all(
    [5, 6, 7, 8].map((id) => liftHalt(control.deps)(person(id, 'manager'), at.site)),
  );
  const lifted = all.filter((one) => one.ok && !one.value.halted);
  expect(lifted).toHaveLength(1);
  expect((await control.events()).filter((type) => type === 'control.halt.lifted')).toHaveLength(1);
});

test('gateways are told the whole state, signed, with an epoch that only grows; what waited goes on its way', async () => {
  const commandId = await approved('gw1_m1');
  const told: HaltMessage[] = [];
  const publish = publishHalts({
    ...tell(),
    gatewaysUnder: async () => [
      { siteId, gatewayId: 'gw1' },
      { siteId, gatewayId: 'gw2' },
    ],
    publish: async (message) => void told.push(message),
    listApproved: async (site) =>
      (await listCommands(control.store)(site, 100, 'APPROVED')).commands.map((one) => one.commandId),
    dispatch: dispatchCommands(control.dispatchDeps),
  });
  const change = { tenantId: 'tenant-1', siteId };
  made(await setHalt(control.deps)(person(5), at.site));
  await publish(change, false);
  made(await setHalt(control.deps)(person(5), at.gateway));
  await publish({ ...change, gatewayId: 'gw1' }, false);
  for (const who of [person(5), person(6, 'manager')]) made(await liftHalt(control.deps)(who, at.site));
  await publish(change, true);
  expect(
    told.filter(({ gatewayId }) => gatewayId === 'gw1').map(({ halted, epoch }) => [halted, epoch]),
  ).toEqual([
    [true, 1],
    [true, 2],
    [true, 3],
  ]);
  expect(told.filter(({ gatewayId }) => gatewayId === 'gw2').at(-1)).toMatchObject({
    halted: false,
    epoch: 2,
  });
  expect(await statusOf(commandId)).toBe('APPROVED');
  for (const who of [person(5), person(6, 'manager')]) made(await liftHalt(control.deps)(who, at.gateway));
  await publish({ ...change, gatewayId: 'gw1' }, true);
  expect(await statusOf(commandId)).toBe('DISPATCHED');
  const { signature, ...unsigned } = told[0] as HaltMessage;
  expect(signature).toBe(
    createHmac('sha256', Buffer.alloc(32, 7))
      .update(canonicalize(unsigned) ?? '')
      .digest('base64'),
  );
  expect(told[0]).toMatchObject({ version: 1, kind: 'halt', issuedAtMs: startMs, keyId: 'k-1' });
});
