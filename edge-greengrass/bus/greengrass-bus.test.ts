import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { logNothing } from '../log.ts';
import { keyId, secret } from '../test-kit/envelopes.ts';
import { place } from '../test-kit/memory-bus.ts';
import { until } from '../test-kit/until.ts';
import { readComponentConfig, watchComponentConfig } from './component-config.ts';
import { greengrassBus } from './greengrass-bus.ts';

/** Event-stream framing by hand, from the protocol's layout, so that the nucleus shares no code with the client. */
const frame = (numbers: Record<string, number>, texts: Record<string, string>, payload: unknown) => {
  const header = (name: string, type: number, value: Buffer) =>
    Buffer.concat([Buffer.of(name.length), Buffer.from(name), Buffer.of(type), value]);
  const int32 = (value: number) => {
    const bytes = Buffer.alloc(4);
    bytes.writeInt32BE(value);
    return bytes;
  };
  const string = (value: string) => {
    const length = Buffer.alloc(2);
    length.writeUInt16BE(Buffer.byteLength(value));
    return Buffer.concat([length, Buffer.from(value)]);
  };
  const headers = Buffer.concat([
    ...Object.entries(numbers).map(([name, value]) => header(name, 4, int32(value))),
    ...Object.entries(texts).map(([name, value]) => header(name, 7, string(value))),
  ]);
  const body = Buffer.from(payload === undefined ? '' : JSON.stringify(payload));
  const bytes = Buffer.alloc(16 + headers.length + body.length);
  bytes.writeUInt32BE(bytes.length, 0);
  bytes.writeUInt32BE(headers.length, 4);
  bytes.writeUInt32BE(crc32(bytes.subarray(0, 8)), 8);
  headers.copy(bytes, 12);
  body.copy(bytes, 12 + headers.length);
  bytes.writeUInt32BE(crc32(bytes.subarray(0, bytes.length - 4)), bytes.length - 4);
  return bytes;
};

const parse = (bytes: Buffer) => {
  const end = 12 + bytes.readUInt32BE(4);
  const headers: Record<string, number | string> = {};
  for (let at = 12; at < end; ) {
    const name = bytes.toString('utf8', at + 1, at + 1 + bytes.readUInt8(at));
    at += 1 + name.length;
    const type = bytes.readUInt8(at++);
    if (type === 4) {
      headers[name] = bytes.readInt32BE(at);
      at += 4;
    } else {
      const length = bytes.readUInt16BE(at);
      headers[name] = bytes.toString('utf8', at + 2, at + 2 + length);
      at += 2 + length;
    }
  }
  const body = bytes.toString('utf8', end, bytes.length - 4);
  return { headers, payload: body === '' ? undefined : (JSON.parse(body) as Record<string, unknown>) };
};

let directory: string;
let server: Server;
let sockets: Socket[];
let published: Record<string, unknown>[];
let subscriptions: { socket: Socket; stream: number; topic: unknown }[];
let operations: unknown[];
let refuse: boolean;
const gateway = { ...place, hmacKeys: [{ keyId, secret }], miners: [] };

const answer = (socket: Socket, { headers, payload = {} }: ReturnType<typeof parse>) => {
  const stream = Number(headers[':stream-id']);
  const numbers = (type: number, flags: number) => ({
    ':message-type': type,
    ':message-flags': flags,
    ':stream-id': stream,
  });
  if (headers[':message-type'] === 4) {
    const ok = payload.authToken === 'token-1' && headers[':version'] === '0.1.0';
    return socket.write(frame(numbers(5, ok ? 1 : 0), {}, undefined));
  }
  operations.push(headers.operation);
  const model = { 'service-model-type': `${headers.operation}Response`, ':content-type': 'application/json' };
  if (refuse)
    return socket.write(
      frame(numbers(1, 2), { 'service-model-type': 'aws.greengrass#UnauthorizedError' }, {}),
    );
  if (headers.operation === 'aws.greengrass#PublishToIoTCore') {
    published.push(payload);
    return socket.write(frame(numbers(0, 2), model, {}));
  }
  if (headers.operation === 'aws.greengrass#GetConfiguration')
    return socket.write(frame(numbers(0, 2), model, { value: { gateway } }));
  subscriptions.push({ socket, stream, topic: payload.topicName });
  return socket.write(frame(numbers(0, 0), model, {}));
};

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'nucleus-'));
  [sockets, published, subscriptions, operations, refuse] = [[], [], [], [], false];
  server = createServer((socket) => {
    sockets.push(socket);
    let rest = Buffer.alloc(0);
    socket.on('data', (chunk: Buffer) => {
      rest = Buffer.concat([rest, chunk]);
      while (rest.length >= 4 && rest.length >= rest.readUInt32BE(0)) {
        const length = rest.readUInt32BE(0);
        answer(socket, parse(rest.subarray(0, length)));
        rest = rest.subarray(length);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(join(directory, 'ipc.socket'), resolve));
});
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => server.close(resolve));
  rmSync(directory, { recursive: true, force: true });
});
const env = (token = 'token-1') => ({
  AWS_GG_NUCLEUS_DOMAIN_SOCKET_FILEPATH_FOR_COMPONENT: join(directory, 'ipc.socket'),
  SVCUID: token,
});
const push = (topicName: string, text: string, pieces = 1) => {
  for (const { socket, stream } of subscriptions.filter(({ topic }) => topic === topicName)) {
    const bytes = frame(
      { ':message-type': 0, ':message-flags': 0, ':stream-id': stream },
      { 'service-model-type': 'aws.greengrass#IoTCoreMessage' },
      { message: { topicName, payload: Buffer.from(text).toString('base64') } },
    );
    const size = Math.ceil(bytes.length / pieces);
    for (let at = 0; at < bytes.length; at += size) socket.write(bytes.subarray(at, at + size));
  }
};

describe('Greengrass line against a nucleus', () => {
  it('publishes and receives through the nucleus, with no operation that nucleus lite lacks', async () => {
    const got: string[] = [];
    const bus = greengrassBus({ publishMs: 2_000, log: logNothing, env: env(), reconnectMs: 20 });
    bus.subscribe('cmd', async (payload) => void got.push(Buffer.from(payload).toString()));
    await bus.open();
    await until('the line', bus.isUp);
    await bus.publish('up', Uint8Array.of(0, 255));
    push('cmd', 'one', 7);
    push('cmd', 'two');
    await until('both', () => got.length === 2);
    expect(got).toEqual(['one', 'two']);
    expect(published).toEqual([{ topicName: 'up', qos: '1', payload: 'AP8=' }]);
    expect(operations).toEqual(['aws.greengrass#SubscribeToIoTCore', 'aws.greengrass#PublishToIoTCore']);
    await bus.close();
  });

  it('subscribes again after the nucleus restarted, and rejects what was under way', async () => {
    const bus = greengrassBus({ publishMs: 2_000, log: logNothing, env: env(), reconnectMs: 20 });
    bus.subscribe('cmd', async () => {});
    await bus.open();
    await until('the line', bus.isUp);
    for (const socket of sockets) socket.destroy();
    await until('the line down', () => !bus.isUp());
    await expect(bus.publish('up', Uint8Array.of(1))).rejects.toThrow(/down/);
    await until('the second subscription', () => subscriptions.length === 2 && bus.isUp());
    refuse = true;
    await expect(bus.publish('up', Uint8Array.of(1))).rejects.toThrow('UnauthorizedError');
    await bus.close();
  });

  it('stays down where the nucleus refuses its token', async () => {
    const bus = greengrassBus({ publishMs: 2_000, log: logNothing, env: env('wrong'), reconnectMs: 10 });
    await bus.open();
    await until('three tries', () => sockets.length >= 3);
    expect(bus.isUp()).toBe(false);
    await bus.close();
  });

  it('takes its configuration from the component', async () => {
    expect(await readComponentConfig(env())).toMatchObject({ ...place, pollIntervalMs: 60_000 });
    expect(operations).toEqual(['aws.greengrass#GetConfiguration']);
    await expect(readComponentConfig({})).rejects.toThrow(/not started by a Greengrass nucleus/);
  });

  const tellOfChange = () => {
    for (const { socket, stream } of subscriptions.filter((one) => one.topic === undefined))
      socket.write(
        frame(
          { ':message-type': 0, ':message-flags': 0, ':stream-id': stream },
          { 'service-model-type': 'aws.greengrass#ConfigurationUpdateEvents' },
          { configurationUpdateEvent: { componentName: 'io.hashinsight.EdgeGateway', keyPath: ['gateway'] } },
        ),
      );
  };

  it('hears of a new configuration once, however many keys a deployment changes, and again after the nucleus was away', async () => {
    let changes = 0;
    const watching = watchComponentConfig({
      onChange: () => changes++,
      log: logNothing,
      env: env(),
      reconnectMs: 10,
      settleMs: 50,
    });
    await until('the subscription', () => subscriptions.length === 1);
    expect(operations).toEqual(['aws.greengrass#SubscribeToConfigurationUpdate']);
    for (let key = 0; key < 5; key++) tellOfChange();
    await until('a change', () => changes > 0);
    expect(changes).toBe(1);
    for (const socket of sockets) socket.destroy();
    await until('the second subscription', () => subscriptions.length === 2);
    await until('a look after the gap', () => changes === 2);
    await watching.close();
  });
});
