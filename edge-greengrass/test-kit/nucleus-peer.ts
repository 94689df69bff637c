import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';

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

/** A Greengrass nucleus as far as its IPC goes: one component, whose token is `token-1`. */
export const nucleusPeer = async (gateway: unknown) => {
  const directory = mkdtempSync(join(tmpdir(), 'nucleus-'));
  const sockets: Socket[] = [];
  const published: Record<string, unknown>[] = [];
  const subscriptions: { socket: Socket; stream: number; topic: unknown }[] = [];
  const operations: unknown[] = [];
  const state = { gateway, refuse: false };

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
    const model = {
      'service-model-type': `${headers.operation}Response`,
      ':content-type': 'application/json',
    };
    if (state.refuse)
      return socket.write(
        frame(numbers(1, 2), { 'service-model-type': 'aws.greengrass#UnauthorizedError' }, {}),
      );
    if (headers.operation === 'aws.greengrass#PublishToIoTCore') {
      published.push(payload);
      return socket.write(frame(numbers(0, 2), model, {}));
    }
    if (headers.operation === 'aws.greengrass#GetConfiguration')
      return socket.write(frame(numbers(0, 2), model, { value: { gateway: state.gateway } }));
    subscriptions.push({ socket, stream, topic: payload.topicName });
    return socket.write(frame(numbers(0, 0), model, {}));
  };

  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => {});
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

  const tell = (topic: unknown, model: string, payload: unknown, pieces = 1) => {
    for (const { socket, stream } of subscriptions.filter((one) => one.topic === topic)) {
      const bytes = frame(
        { ':message-type': 0, ':message-flags': 0, ':stream-id': stream },
        { 'service-model-type': `aws.greengrass#${model}` },
        payload,
      );
      const size = Math.ceil(bytes.length / pieces);
      for (let at = 0; at < bytes.length; at += size) socket.write(bytes.subarray(at, at + size));
    }
  };
  return {
    state,
    sockets,
    published,
    subscriptions,
    operations,
    env: (token = 'token-1') => ({
      AWS_GG_NUCLEUS_DOMAIN_SOCKET_FILEPATH_FOR_COMPONENT: join(directory, 'ipc.socket'),
      SVCUID: token,
    }),
    push: (topicName: string, text: string, pieces = 1) =>
      tell(
        topicName,
        'IoTCoreMessage',
        { message: { topicName, payload: Buffer.from(text).toString('base64') } },
        pieces,
      ),
    /** Says that a deployment has changed the component's configuration, as it does for every key. */
    tellOfChange: () =>
      tell(undefined, 'ConfigurationUpdateEvents', {
        configurationUpdateEvent: { componentName: 'io.hashinsight.EdgeGateway', keyPath: ['gateway'] },
      }),
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
      rmSync(directory, { recursive: true, force: true });
    },
  };
};
