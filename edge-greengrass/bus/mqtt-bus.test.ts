import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import { Aedes } from 'aedes';
import mqtt from 'mqtt';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { logNothing } from '../log.ts';
import { selfSigned } from '../test-kit/self-signed.ts';
import { until } from '../test-kit/until.ts';
import type { EdgeBus } from './edge-bus.ts';
import { mqttBus, mqttBusOf } from './mqtt-bus.ts';

let broker: Aedes;
let server: Server;
let port: number;
const buses: EdgeBus[] = [];
const connections = new Set<Socket>();

const listen = (on: number) =>
  new Promise<void>((resolve) => {
    server = createServer((socket) => {
      connections.add(socket);
      socket.on('close', () => connections.delete(socket));
      broker.handle(socket);
    });
    server.listen(on, '127.0.0.1', () => {
      const address = server.address();
      if (address && typeof address !== 'string') port = address.port;
      resolve();
    });
  });
const cut = () =>
  new Promise<void>((resolve) => {
    for (const socket of connections) socket.destroy();
    server.close(() => resolve());
  });

beforeEach(async () => {
  broker = await Aedes.createBroker();
  await listen(0);
});
afterEach(async () => {
  await Promise.all(buses.splice(0).map((bus) => bus.close()));
  await cut();
  await new Promise<void>((resolve) => broker.close(resolve));
});
const open = async (topic: string, receive: (payload: Uint8Array) => Promise<void>) => {
  const bus = mqttBus({
    url: `mqtt://127.0.0.1:${port}`,
    clientId: 'gw-7',
    publishMs: 2_000,
    log: logNothing,
    reconnectMs: 20,
  });
  buses.push(bus);
  bus.subscribe(topic, receive);
  await bus.open();
  await until('the line', bus.isUp);
  return bus;
};
const cloud = async () => {
  const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${port}`, {
    protocolVersion: 4,
    reconnectPeriod: 0,
  });
  return {
    publish: (text: string) => client.publishAsync('cmd', text, { qos: 1 }),
    close: () => client.endAsync(true),
  };
};
const collect = () => {
  const got: string[] = [];
  return { got, receive: async (payload: Uint8Array) => void got.push(Buffer.from(payload).toString()) };
};

describe('MQTT line with certificates', () => {
  it('comes up with the gateway’s certificate, checks the broker’s, and stays down otherwise', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'tls-'));
    const write = (name: string, pem: string) => {
      writeFileSync(join(directory, name), pem);
      return join(directory, name);
    };
    const [brokerId, gatewayId, stranger] = await Promise.all([
      selfSigned('localhost'),
      selfSigned('gw-7'),
      selfSigned('gw-8'),
    ]);
    const secure = createTlsServer(
      {
        cert: brokerId.certificate,
        key: brokerId.privateKey,
        ca: [gatewayId.certificate],
        requestCert: true,
        rejectUnauthorized: true,
      },
      (socket) => void broker.handle(socket),
    );
    await new Promise<void>((resolve) => secure.listen(0, '127.0.0.1', resolve));
    const address = secure.address();
    const securePort = address && typeof address !== 'string' ? address.port : 0;
    const lineWith = async (ca: string, own: typeof gatewayId) => {
      const bus = mqttBusOf(
        {
          host: 'localhost',
          port: securePort,
          caPath: write('ca.pem', ca),
          certPath: write('cert.pem', own.certificate),
          keyPath: write('key.pem', own.privateKey),
        },
        'gw-7',
        2_000,
        (_, event) => events.push(event),
      );
      buses.push(bus);
      await bus.open();
      return bus;
    };
    const events: string[] = [];
    const good = await lineWith(brokerId.certificate, gatewayId);
    await until('the line', good.isUp);
    await good.publish('up', Uint8Array.of(1));
    const refused = await lineWith(brokerId.certificate, stranger);
    await until('the refusal', () => events.includes('line_not_opened'));
    events.length = 0;
    const impostor = await lineWith(stranger.certificate, gatewayId);
    await until('an error', () => events.includes('line_error'));
    expect([good.isUp(), refused.isUp(), impostor.isUp()]).toEqual([true, false, false]);
    await Promise.all(buses.splice(0).map((bus) => bus.close()));
    await new Promise((resolve) => secure.close(resolve));
    rmSync(directory, { recursive: true });
  });

  it('tells once why there is no line, however often it tries', async () => {
    const closed = createServer();
    await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve));
    const address = closed.address();
    await new Promise((resolve) => closed.close(resolve));
    let tries = 0;
    const told: string[] = [];
    const bus = mqttBus({
      url: `mqtt://127.0.0.1:${address && typeof address !== 'string' ? address.port : 0}`,
      clientId: 'gw-7',
      certificates: {
        list: () => {
          tries++;
          return [];
        },
        worked: () => {},
      },
      publishMs: 1_000,
      reconnectMs: 5,
      log: (_, event, facts) => told.push(`${event} ${facts?.reason ?? ''}`),
    });
    buses.push(bus);
    await bus.open();
    await until('five tries', () => tries >= 5);
    expect(told.toSorted()).toEqual(['line_error ECONNREFUSED', 'line_not_opened ']);
  });

  it('names the configuration, not the file’s content, where the certificate does not fit', () => {
    const here = import.meta.filename;
    expect(() =>
      mqttBusOf(
        { host: 'localhost', port: 1, caPath: here, certPath: here, keyPath: here },
        'gw-7',
        1,
        logNothing,
      ),
    ).toThrow(/^Configuration: mqtt/);
  });
});

describe('MQTT line against a real broker', () => {
  it('delivers both ways and publishes binary unchanged', async () => {
    const { got, receive } = collect();
    const bus = await open('cmd', receive);
    const seen: Buffer[] = [];
    broker.on('publish', (packet) => packet.topic === 'up' && seen.push(Buffer.from(packet.payload)));
    await bus.publish('up', Uint8Array.of(0, 255, 10, 0));
    const other = await cloud();
    await other.publish('one');
    await until('the command', () => got.length === 1);
    expect(seen).toEqual([Buffer.of(0, 255, 10, 0)]);
    await other.close();
  });

  it('can be closed without having been opened', async () => {
    const bus = mqttBus({
      url: `mqtt://127.0.0.1:${port}`,
      clientId: 'gw-9',
      publishMs: 2_000,
      log: logNothing,
    });
    await bus.close();
    expect(bus.isUp()).toBe(false);
  });

  it('gets what came while the gateway was away, to a receiver that registered before opening', async () => {
    const first = await open('cmd', async () => {});
    await first.close();
    const other = await cloud();
    await other.publish('while away');
    const { got, receive } = collect();
    await open('cmd', receive);
    await until('the command', () => got.includes('while away'));
    await other.close();
  });

  it('gets a command again that it could not take', async () => {
    const got: string[] = [];
    await open('cmd', async (payload) => {
      got.push(Buffer.from(payload).toString());
      if (got.length === 1) throw new Error('disk full');
    });
    const other = await cloud();
    await other.publish('again');
    await until('the redelivery', () => got.length === 2);
    expect(got).toEqual(['again', 'again']);
    await other.close();
  });

  it('rejects what is under way when the line breaks, and comes back by itself', async () => {
    const changes: boolean[] = [];
    const bus = await open('cmd', async () => {});
    bus.onChange((up) => changes.push(up));
    await cut();
    await until('the line down', () => !bus.isUp());
    await expect(bus.publish('up', Uint8Array.of(1))).rejects.toThrow(/down/);
    await listen(port);
    await until('the line back', bus.isUp);
    await bus.publish('up', Uint8Array.of(1));
    expect(changes).toEqual([false, true]);
  });
});
