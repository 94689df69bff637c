import { connect, type Socket } from 'node:net';
import { EventStreamCodec } from '@smithy/core/event-streams';
import * as z from 'zod';

/** Message types and flags of the event-stream RPC protocol that the Greengrass nucleus speaks on its socket. */
const messageType = {
  application: 0,
  applicationError: 1,
  ping: 2,
  pingResponse: 3,
  connect: 4,
  connectAck: 5,
} as const;
const messageFlag = { connectionAccepted: 1, terminateStream: 2 } as const;

type IpcMessage = {
  readonly type: number;
  readonly flags: number;
  readonly streamId: number;
  readonly model: string | undefined;
  readonly operation: string | undefined;
  readonly version: string | undefined;
  readonly payload: unknown;
};
type Outgoing = {
  readonly type: number;
  readonly flags?: number;
  readonly streamId: number;
  readonly texts?: Readonly<Record<string, string>>;
  readonly payload?: unknown;
};

const maxMessageBytes = 4 * 1024 * 1024;
const codec = new EventStreamCodec(
  (bytes) => (typeof bytes === 'string' ? bytes : Buffer.from(bytes).toString('utf8')),
  (text) => new TextEncoder().encode(text),
);

const encodeMessage = ({ type, flags = 0, streamId, texts = {}, payload }: Outgoing) =>
  codec.encode({
    headers: {
      ':message-type': { type: 'integer', value: type },
      ':message-flags': { type: 'integer', value: flags },
      ':stream-id': { type: 'integer', value: streamId },
      ...Object.fromEntries(
        Object.entries(texts).map(([name, value]) => [name, { type: 'string' as const, value }]),
      ),
    },
    body: payload === undefined ? new Uint8Array() : new TextEncoder().encode(JSON.stringify(payload)),
  });

const integer = z.object({ value: z.int() }).transform(({ value }) => value);
const text = z.object({ value: z.string() }).transform(({ value }) => value);
const headers = z.object({
  ':message-type': integer,
  ':message-flags': integer,
  ':stream-id': integer,
  'service-model-type': text.optional(),
  operation: text.optional(),
  ':version': text.optional(),
});

const decodeMessage = (bytes: Uint8Array): IpcMessage => {
  const { headers: raw, body } = codec.decode(bytes);
  const parsed = headers.parse(raw);
  return {
    type: parsed[':message-type'],
    flags: parsed[':message-flags'],
    streamId: parsed[':stream-id'],
    model: parsed['service-model-type'],
    operation: parsed.operation,
    version: parsed[':version'],
    payload: body.length === 0 ? undefined : JSON.parse(Buffer.from(body).toString('utf8')),
  };
};

/** Cuts a stream of bytes into whole messages: each begins with its own length. */
const messageSplitter = (onMessage: (message: IpcMessage) => void) => {
  let rest: Buffer = Buffer.alloc(0);
  return (chunk: Uint8Array) => {
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= 4) {
      const length = rest.readUInt32BE(0);
      if (length < 16 || length > maxMessageBytes) throw new Error('a message of impossible length');
      if (rest.length < length) return;
      const message = rest.subarray(0, length);
      rest = rest.subarray(length);
      onMessage(decodeMessage(message));
    }
  };
};

type Stream = { readonly onMessage: (message: IpcMessage) => void; readonly onEnd: (error: Error) => void };
export type IpcConnection = {
  /** One answer. Rejects with the nucleus's error name, or when the connection ends. */
  readonly call: (operation: string, payload: unknown) => Promise<unknown>;
  /** Resolves when the subscription stands; from then on every event comes to `onEvent`. */
  readonly subscribe: (
    operation: string,
    payload: unknown,
    onEvent: (payload: unknown) => void,
  ) => Promise<void>;
  readonly closed: Promise<void>;
  readonly close: () => void;
};

const service = 'aws.greengrass#';

/** Connects to the nucleus as this component. Rejects when the socket or the token is refused. */
export const openIpc = async (socketPath: string, authToken: string): Promise<IpcConnection> => {
  const socket: Socket = connect(socketPath);
  const streams = new Map<number, Stream>();
  let lastStream = 0;
  let accept: (message: IpcMessage) => void = () => {};
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));

  const route = (message: IpcMessage) => {
    if (message.type === messageType.ping)
      socket.write(encodeMessage({ type: messageType.pingResponse, streamId: 0 }));
    else if (message.type === messageType.connectAck) accept(message);
    else streams.get(message.streamId)?.onMessage(message);
  };
  const split = messageSplitter(route);
  socket.on('data', (chunk: Buffer) => {
    try {
      split(chunk);
    } catch {
      socket.destroy();
    }
  });
  socket.on('error', () => socket.destroy());
  socket.once('close', () => {
    for (const stream of streams.values()) stream.onEnd(new Error('the nucleus closed the connection'));
    streams.clear();
  });

  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('the nucleus does not answer')), 10_000);
    closed.then(() => reject(new Error('the nucleus closed the connection')));
    accept = ({ flags }) =>
      flags & messageFlag.connectionAccepted
        ? resolve()
        : reject(new Error('the nucleus refuses the component'));
    socket.once('connect', () =>
      socket.write(
        encodeMessage({
          type: messageType.connect,
          streamId: 0,
          texts: { ':version': '0.1.0' },
          payload: { authToken },
        }),
      ),
    );
    void Promise.allSettled([closed]).then(() => clearTimeout(timer));
    socket.once('data', () => clearTimeout(timer));
  }).catch((error: unknown) => {
    socket.destroy();
    throw error;
  });

  const begin = (operation: string, payload: unknown, stream: Stream) => {
    const streamId = ++lastStream;
    streams.set(streamId, stream);
    const texts = {
      operation: `${service}${operation}`,
      'service-model-type': `${service}${operation}Request`,
      ':content-type': 'application/json',
    };
    socket.write(encodeMessage({ type: messageType.application, streamId, texts, payload }));
    return streamId;
  };
  const failure = ({ type, model }: IpcMessage) =>
    type === messageType.application
      ? undefined
      : new Error(model?.replace(service, '') ?? 'the nucleus refuses the operation');

  return {
    call: (operation, payload) =>
      new Promise((resolve, reject) => {
        if (socket.destroyed) return reject(new Error('the nucleus closed the connection'));
        const streamId: number = begin(operation, payload, {
          onMessage: (message) => {
            streams.delete(streamId);
            const error = failure(message);
            if (error) reject(error);
            else resolve(message.payload);
          },
          onEnd: reject,
        });
      }),
    subscribe: (operation, payload, onEvent) =>
      new Promise((resolve, reject) => {
        if (socket.destroyed) return reject(new Error('the nucleus closed the connection'));
        let stands = false;
        const streamId: number = begin(operation, payload, {
          onMessage: (message) => {
            const error = failure(message);
            if (error || message.flags & messageFlag.terminateStream) {
              streams.delete(streamId);
              if (stands) socket.destroy();
              return reject(error ?? new Error('the nucleus ended the subscription'));
            }
            if (stands) return onEvent(message.payload);
            stands = true;
            resolve();
          },
          onEnd: reject,
        });
      }),
    closed,
    close: () => socket.destroy(),
  };
};
