import { createServer, type Server, type Socket } from 'node:net';
import { platform } from 'node:os';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type SimulatedSite, startSite } from '../../simulator/site/simulated-site.ts';
import { addressSet } from './address-ranges.ts';
import { scan } from './scan.ts';

const canHaveAddresses = platform() === 'linux';
if (!canHaveAddresses) process.stdout.write('skipped: scans, they need addresses under 127/8\n');

const factory = (family: string) =>
  family === 'antminer'
    ? [{ username: 'root', password: 'root' }]
    : [{ username: 'admin', password: 'admin' }];

/** Ports that are free on all of 127/8, since something else may hold the vendors' own. */
const freePort = () =>
  new Promise<number>((resolve) => {
    const server = createServer().listen(0, '0.0.0.0', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });

const servers: { server: Server; open: Set<Socket> }[] = [];
const at = async (host: string, port: number, answer: (request: string, socket: Socket) => void) => {
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
    socket.on('error', () => socket.destroy());
    socket.once('data', (chunk) => answer(chunk.toString('utf8'), socket));
  });
  servers.push({ server, open });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, host, resolve));
};
const page = (status: string, body: string | Buffer, headers: readonly string[] = []) =>
  Buffer.concat([
    Buffer.from(
      [`HTTP/1.1 ${status}`, `Content-Length: ${Buffer.byteLength(body)}`, ...headers, '', ''].join('\r\n'),
    ),
    Buffer.from(body),
  ]);
const antminerWeb = (_: string, socket: Socket) =>
  socket.end(
    page('401 Unauthorized', '', [
      'WWW-Authenticate: Digest realm="antMiner Configuration", nonce="1", qop="auth"',
    ]),
  );
const rpcSays = (fields: string) => (_: string, socket: Socket) =>
  socket.end(`{"STATUS":[{"STATUS":"S"}],"VERSION":[{${fields}}],"id":1}\0`);

describe.skipIf(!canHaveAddresses)('a scan', () => {
  let site: SimulatedSite;
  let ports: { rpc: number; http: number; whatsminerV3: number };
  const found = async (range: string, limits = {}) => {
    const result = await scan({
      addresses: addressSet([range]),
      ports,
      limits: { connectMs: 500, answerMs: 400, otherwiseMs: 300, ...limits },
      loginsFor: (_, family) => factory(family),
      signal: new AbortController().signal,
    });
    return result;
  };
  beforeAll(async () => {
    ports = { rpc: await freePort(), http: await freePort(), whatsminerV3: await freePort() };
    site = await startSite({
      miners: 24,
      seed: 5,
      speed: 1,
      vendorPorts: { rpcPort: ports.rpc, httpPort: ports.http },
    });
  });
  afterAll(async () => {
    await site.close();
    for (const { server, open } of servers) {
      for (const socket of open) socket.destroy();
      server.close();
    }
  });

  it('finds every miner of a site with what stays with it, and counts what is not there', async () => {
    const seen: number[] = [];
    const result = await scan({
      addresses: addressSet(['127.64.0.0-127.64.0.63']),
      ports,
      loginsFor: (_, family) => factory(family),
      signal: new AbortController().signal,
      onEvent: (event) => {
        if (event.kind === 'progress') seen.push(event.counts.asked);
      },
    });
    const inventory = site.inventory();
    expect(
      result.machines.map(({ host, family, model, macAddress, serialNumber, stock }) => ({
        host,
        family,
        model,
        macAddress,
        serialNumber,
        stock,
      })),
    ).toEqual(
      inventory.map(({ host, vendor, model, macAddress, serialNumber }) => ({
        host,
        family: vendor,
        // A Whatsminer tells its code, too: M50_VH50.
        model: vendor === 'whatsminer' ? expect.stringMatching(new RegExp(`^${model}_V[A-Z]\\d0$`)) : model,
        macAddress,
        serialNumber,
        stock: true,
      })),
    );
    expect(result.counts).toEqual({ addresses: 64, asked: 64, machines: 24, others: 0, starved: 0 });
    expect(result.complete).toBe(true);
    expect(seen).toEqual(Array.from({ length: 64 }, (_, index) => index + 1));
    expect(result.machines.find(({ family }) => family === 'antminer')?.login).toEqual({
      username: 'root',
      password: 'root',
    });
  });

  it.each([
    ['127.64.9.1', 'braiins', '"API":"3.7","BOSer":"boser-openwrt 0.1.0"'],
    ['127.64.9.2', 'luxos', '"LUXminer":"2025.4.8","Type":"Antminer S19k Pro"'],
    ['127.64.9.3', 'vnish', '"Miner":"VNish 1.2.6","Type":"Antminer S19"'],
    ['127.64.9.4', 'marathon', '"Miner":"MaraFW","Type":"Antminer S21"'],
  ])(
    'at %s takes %s for what it is, though its web server speaks as the maker’s',
    async (host, family, says) => {
      await at(host, ports.http, antminerWeb);
      await at(host, ports.rpc, (request, socket) => {
        // Later than the maker's answer.
        setTimeout(() => rpcSays(says)(request, socket), 60);
      });
      expect((await found(host)).machines).toMatchObject([{ host, family, stock: false }]);
    },
  );

  it('takes firmware whose page tells it, though its RPC names the maker’s machine', async () => {
    await at('127.64.9.10', ports.rpc, rpcSays('"API":"3.1","Type":"Antminer S19j Pro"'));
    await at('127.64.9.10', ports.http, (_, socket) => {
      setTimeout(() => socket.end(page('200 OK', '<title>AnthillOS</title>')), 60);
    });
    expect((await found('127.64.9.10')).machines).toMatchObject([{ family: 'vnish', stock: false }]);
  });

  it('does not wait for ever for another firmware to show itself', async () => {
    await at('127.64.9.11', ports.rpc, rpcSays('"API":"3.1","Type":"Antminer S19j Pro"'));
    await at('127.64.9.11', ports.http, (_, socket) => {
      setTimeout(() => socket.end(page('200 OK', '<title>AnthillOS</title>')), 1_200);
    });
    const { machines } = await found('127.64.9.11', { answerMs: 3_000, otherwiseMs: 100 });
    expect(machines).toMatchObject([{ family: 'antminer', stock: true }]);
  });

  it('knows an AxeOS by its compressed page and by its interface', async () => {
    const html = gzipSync('<html><head><title>AxeOS</title></head></html>');
    await at('127.64.9.12', ports.http, (_, socket) =>
      socket.end(page('200 OK', html, ['Content-Encoding: gzip'])),
    );
    await at('127.64.9.13', ports.http, (request, socket) =>
      socket.end(
        request.startsWith('GET /api/system/info ')
          ? page('200 OK', '{"ASICModel":"BM1368","hostname":"bitaxe"}')
          : page('200 OK', '<script src="main.js"></script>'),
      ),
    );
    const { machines } = await found('127.64.9.12-13');
    expect(machines.map(({ family }) => family)).toEqual(['bitaxe', 'bitaxe']);
  });

  it('knows an ePIC by the web interface on the RPC port', async () => {
    await at('127.64.9.14', ports.rpc, (request, socket) =>
      socket.end(
        request.startsWith('GET /capabilities ')
          ? page('200 OK', '{"Model":"AntMiner S19 XP"}')
          : page('400 Bad Request', ''),
      ),
    );
    expect((await found('127.64.9.14')).machines).toMatchObject([{ family: 'epic', stock: false }]);
  });

  it('asks one question at a time on the RPC port', async () => {
    let open = 0;
    let most = 0;
    await at('127.64.9.15', ports.rpc, (request, socket) => {
      most = Math.max(most, ++open);
      setTimeout(() => {
        open--;
        socket.end(`{"STATUS":"E","Code":14,"Msg":"${request.length}"}\0`);
      }, 30);
    });
    expect((await found('127.64.9.15')).counts).toMatchObject({ machines: 0, others: 1 });
    expect(most).toBe(1);
  });

  it('takes no printer, no closed port and nothing that never ends for a miner', async () => {
    await at('127.64.9.20', ports.http, (_, socket) =>
      socket.end(page('200 OK', '<title>LaserJet 400</title><p>Ready</p>')),
    );
    await at('127.64.9.21', ports.http, (_, socket) => {
      const line = `X-Filler: ${'x'.repeat(900)}\r\n`;
      socket.write('HTTP/1.1 200 OK\r\n');
      const pour = () => {
        while (!socket.destroyed && socket.write(line));
        if (!socket.destroyed) socket.once('drain', pour);
      };
      pour();
    });
    await at('127.64.9.22', ports.rpc, (_, socket) => {
      const drip = setInterval(() => (socket.destroyed ? clearInterval(drip) : socket.write('{')), 20);
      socket.once('close', () => clearInterval(drip));
    });
    await at('127.64.9.23', ports.http, () => undefined);
    await at('127.64.9.24', ports.rpc, (_, socket) => socket.resetAndDestroy());
    const { machines, counts } = await found('127.64.9.20-127.64.9.29');
    expect(machines).toEqual([]);
    expect(counts).toMatchObject({ addresses: 10, asked: 10, machines: 0, others: 5 });
  });

  it('leaves a black hole behind at the deadline, and what is beside it alone', async () => {
    const [one, two] = site.inventory().filter(({ vendor }) => vendor === 'antminer');
    site.inject(one?.minerId ?? '', { kind: 'network_loss', how: 'blackhole' });
    const { machines, counts } = await found(`${one?.host},${two?.host}`);
    site.clear(one?.minerId ?? '');
    expect(machines.map(({ host }) => host)).toEqual([two?.host]);
    expect(counts).toMatchObject({ asked: 2, machines: 1 });
  });

  it('stops where it is when it is told to', async () => {
    const stop = new AbortController();
    const result = await scan({
      addresses: addressSet(['127.64.0.0-127.64.3.255']),
      ports,
      limits: { atOnce: 4, perS: 500 },
      loginsFor: () => [],
      signal: stop.signal,
      onEvent: (event) => {
        if (event.kind === 'progress' && event.counts.asked === 10) stop.abort();
      },
    });
    expect(result.complete).toBe(false);
    expect(result.counts.asked).toBeLessThan(20);
  });
});
