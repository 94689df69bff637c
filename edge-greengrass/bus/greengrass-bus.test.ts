import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { logNothing } from '../log.ts';
import { keyId, secret } from '../test-kit/envelopes.ts';
import { place } from '../test-kit/memory-bus.ts';
import { nucleusPeer } from '../test-kit/nucleus-peer.ts';
import { until } from '../test-kit/until.ts';
import { readComponentConfig, watchComponentConfig } from './component-config.ts';
import { greengrassBus } from './greengrass-bus.ts';

let nucleus: Awaited<ReturnType<typeof nucleusPeer>>;
beforeEach(async () => {
  nucleus = await nucleusPeer({ ...place, hmacKeys: [{ keyId, secret }], miners: [] });
});
afterEach(() => nucleus.close());

describe('Greengrass line against a nucleus', () => {
  it('publishes and receives through the nucleus, with no operation that nucleus lite lacks', async () => {
    const got: string[] = [];
    const bus = greengrassBus({ publishMs: 2_000, log: logNothing, env: nucleus.env(), reconnectMs: 20 });
    bus.subscribe('cmd', async (payload) => void got.push(Buffer.from(payload).toString()));
    await bus.open();
    await until('the line', bus.isUp);
    await bus.publish('up', Uint8Array.of(0, 255));
    nucleus.push('cmd', 'one', 7);
    nucleus.push('cmd', 'two');
    await until('both', () => got.length === 2);
    expect(got).toEqual(['one', 'two']);
    expect(nucleus.published).toEqual([{ topicName: 'up', qos: '1', payload: 'AP8=' }]);
    expect(nucleus.operations).toEqual([
      'aws.greengrass#SubscribeToIoTCore',
      'aws.greengrass#PublishToIoTCore',
    ]);
    await bus.close();
  });

  it('subscribes again after the nucleus restarted, and rejects what was under way', async () => {
    const bus = greengrassBus({ publishMs: 2_000, log: logNothing, env: nucleus.env(), reconnectMs: 20 });
    bus.subscribe('cmd', async () => {});
    await bus.open();
    await until('the line', bus.isUp);
    for (const socket of nucleus.sockets) socket.destroy();
    await until('the line down', () => !bus.isUp());
    await expect(bus.publish('up', Uint8Array.of(1))).rejects.toThrow(/down/);
    await until('the second subscription', () => nucleus.subscriptions.length === 2 && bus.isUp());
    nucleus.state.refuse = true;
    await expect(bus.publish('up', Uint8Array.of(1))).rejects.toThrow('UnauthorizedError');
    await bus.close();
  });

  it('stays down where the nucleus refuses its token', async () => {
    const bus = greengrassBus({
      publishMs: 2_000,
      log: logNothing,
      env: nucleus.env('wrong'),
      reconnectMs: 10,
    });
    await bus.open();
    await until('three tries', () => nucleus.sockets.length >= 3);
    expect(bus.isUp()).toBe(false);
    await bus.close();
  });

  it('takes its configuration from the component', async () => {
    expect(await readComponentConfig(nucleus.env())).toMatchObject({ ...place, pollIntervalMs: 60_000 });
    expect(nucleus.operations).toEqual(['aws.greengrass#GetConfiguration']);
    await expect(readComponentConfig({})).rejects.toThrow(/not started by a Greengrass nucleus/);
  });

  it('hears of a new configuration once, however many keys a deployment changes, and again after the nucleus was away', async () => {
    let changes = 0;
    const watching = watchComponentConfig({
      onChange: () => changes++,
      log: logNothing,
      env: nucleus.env(),
      reconnectMs: 10,
      settleMs: 50,
    });
    await until('the subscription', () => nucleus.subscriptions.length === 1);
    expect(nucleus.operations).toEqual(['aws.greengrass#SubscribeToConfigurationUpdate']);
    for (let key = 0; key < 5; key++) nucleus.tellOfChange();
    await until('a change', () => changes > 0);
    expect(changes).toBe(1);
    for (const socket of nucleus.sockets) socket.destroy();
    await until('the second subscription', () => nucleus.subscriptions.length === 2);
    await until('a look after the gap', () => changes === 2);
    await watching.close();
  });
});
