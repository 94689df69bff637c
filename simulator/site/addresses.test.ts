import { connect, createServer } from 'node:net';
import { platform } from 'node:os';
import { describe, expect, it } from 'vitest';
import { startSite } from './simulated-site.ts';

const net = 94;
const elsewhere = platform() !== 'linux';
if (elsewhere) process.stdout.write('skipped: addresses of their own, only Linux has all of 127/8\n');

/** A port that is free at every address. */
const freePort = () =>
  new Promise<number>((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen({ port: 0, host: '0.0.0.0' }, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });

const options = async () => ({
  miners: 3,
  seed: 2,
  speed: 1,
  mix: { 'Whatsminer M50': 1 } as const,
  vendorPorts: { rpcPort: await freePort(), httpPort: 0, net, step: 200 },
});

describe.skipIf(elsewhere)('miners at addresses of their own', () => {
  it('stand so many addresses apart, from the first host on', async () => {
    const site = await startSite(await options());
    try {
      expect(site.inventory().map(({ host }) => host)).toEqual([
        '127.94.0.1',
        '127.94.0.201',
        '127.94.1.145',
      ]);
    } finally {
      await site.close();
    }
  });

  it('leave their ports at other addresses to another listener, where they are told to', async () => {
    const { vendorPorts, ...rest } = await options();
    const site = await startSite({ ...rest, vendorPorts: { ...vendorPorts, shared: true } });
    const { rpcPort } = vendorPorts;
    const other = createServer((socket) => socket.end('other'));
    try {
      await new Promise<void>((resolve, reject) =>
        other.once('error', reject).listen({ host: '0.0.0.0', port: rpcPort, reusePort: true }, resolve),
      );
      const heardAt = (host: string) =>
        new Promise<string>((resolve, reject) => {
          let heard = '';
          const socket = connect({ host, port: rpcPort }, () => socket.write('{"cmd":"get_version"}'));
          socket
            .on('data', (chunk) => (heard += chunk.toString('utf8')))
            .on('error', reject)
            .on('close', () => resolve(heard));
        });
      expect(await heardAt('127.94.0.201')).toContain('api_ver');
      expect(await heardAt('127.94.0.202')).toBe('other');
    } finally {
      other.close();
      await site.close();
    }
  });
});
