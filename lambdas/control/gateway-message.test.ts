import { expect, test } from 'vitest';
import type { SafetyEvent } from '../../contracts/command.ts';
import { parseResponses, parseSafetyEvent } from './gateway-message.ts';
import { recordSafetyEvent } from './record-safety-event.ts';
import { insertSafetyEvent } from './safety-repository.ts';
import { startControl } from './test-control.ts';

const place = { topicSiteId: '1', topicGatewayId: 'gw1' };
const safety: SafetyEvent = {
  version: 1,
  eventId: 'safe-1',
  siteId: 1,
  gatewayId: 'gw1',
  atMs: 5,
  kind: 'command_refused',
  code: 'BAD_SIGNATURE',
  detail: 'the signature does not match',
  commandId: 'cmd-1',
};

test('the place comes from the topic, the rest is the message as the contract has it', () => {
  const response = {
    version: 1,
    commandId: 'cmd-1',
    siteId: 1,
    gatewayId: 'gw1',
    atMs: 5,
    outcome: 'accepted',
  };
  expect(parseResponses(JSON.stringify({ ...response, ...place }))).toEqual([
    { siteId: 1, gatewayId: 'gw1', response },
  ]);
  const two = { version: 1, responses: [response, { ...response, commandId: 'cmd-2' }] };
  const read = parseResponses(JSON.stringify({ ...two, ...place }));
  expect(read.map(({ gatewayId, response }) => [gatewayId, response.commandId])).toEqual([
    ['gw1', 'cmd-1'],
    ['gw1', 'cmd-2'],
  ]);
  expect(() => parseResponses(JSON.stringify({ version: 1, responses: [], ...place }))).toThrow();
  const half = { version: 1, responses: [response, { ...response, outcome: 'maybe' }] };
  expect(() => parseResponses(JSON.stringify({ ...half, ...place }))).toThrow();
  expect(() => parseResponses(JSON.stringify(response))).toThrow(/topicSiteId/);
  expect(() => parseResponses(JSON.stringify({ ...response, ...place, outcome: 'maybe' }))).toThrow();
  expect(() => parseResponses('garbage')).toThrow();
});

test('a safety event is kept and audited once, and only from the gateway that it names', async () => {
  const control = await startControl();
  const record = recordSafetyEvent({
    readGatewayOwner: async (_, gatewayId) => (gatewayId === 'gw1' ? { tenantId: 'tenant-1' } : undefined),
    insertSafetyEvent: insertSafetyEvent(control.store),
  });
  const received = parseSafetyEvent(JSON.stringify({ ...safety, ...place }));
  await Promise.all([record(received), record(received), record(received)]);
  expect(await control.events()).toEqual(['control.safety.reported']);
  await expect(record({ ...received, gatewayId: 'gw2' })).rejects.toThrow('in the name of another');
  const other = { siteId: 1, gatewayId: 'gw9', event: { ...safety, gatewayId: 'gw9' } };
  await expect(record(other)).rejects.toThrow('has no gateway');
  await control.close();
});
