import { describe, expect, it, onTestFinished } from 'vitest';
import type { MinerOrder } from '../../../contracts/command.ts';
import { meaningOf } from '../../../contracts/error-codes/error-table.ts';
import { type ManualSite, startManualSite } from '../../../simulator/test-support.ts';
import { Semaphore } from '../../io/semaphore.ts';
import { adapterAt } from '../../test-kit/adapter-at.ts';
import { tcpPeer } from '../../test-kit/tcp-peer.ts';
import { webPeer } from '../../test-kit/web-peer.ts';
import { minerIo } from '../miner-io.ts';
import { judgementsOf } from '../summary-judgements.ts';
import { antminerAdapter } from './antminer-adapter.ts';

const well = ['rate', 'network', 'fans', 'temp'].map((type) => ({ type, status: 's', code: 0, msg: '' }));
/** The page of an S21 as block/proto-fleet's tests have it (`plugin/antminer`), with other judgements. */
const summary = (status: unknown) => ({
  STATUS: [{ STATUS: 'S', When: 1_750_192_565, Msg: 'summary', Code: 0, Description: '' }],
  INFO: { miner_version: 'uart_trans.1.3', type: 'Antminer S21' },
  SUMMARY: [{ elapsed: 3_817, rate_5s: 206_238.69, rate_unit: 'GH/s', hw_all: 2, status }],
});

describe('what summary.cgi judges', () => {
  it('is an error where its letter is not s, as kind and number, once each', () => {
    expect(judgementsOf(summary(well))).toEqual([]);
    const fans = { type: 'fans', status: 'e', code: 3, msg: 'fan lost' };
    const temp = { type: 'temp', status: 'w', code: 1, msg: '' };
    // rate and network are well; the fans' number is 3, that of the temperature 1; the fans are told twice.
    expect(judgementsOf(summary([...well.slice(0, 2), fans, temp, fans]))).toEqual(['fans:3', 'temp:1']);
  });

  it('is absent where nothing is judged, as by one that sleeps', () => {
    for (const page of [{}, { SUMMARY: [] }, summary(undefined), summary('s'), { SUMMARY: 'none' }])
      expect(judgementsOf(page)).toBeUndefined();
    expect(judgementsOf(summary([5, {}, { status: 'e' }, { type: 'fans' }]))).toEqual([]);
  });

  it('has a meaning in both languages', () => {
    for (const [code, family] of [
      ['rate:1', 'hashrate'],
      ['network:2', 'network'],
      ['fans:3', 'fan'],
      ['temp:4', 'temperature'],
    ]) {
      const meaning = meaningOf('antminer', code ?? '');
      expect(meaning?.family).toBe(family);
      expect(meaning?.text.en).toMatch(/[a-z]/);
      expect(meaning?.text.zh).toMatch(/\p{Script=Han}/u);
    }
  });
});

/** A hand-written S21: RPC, and the page behind digest authentication. */
const antminer = async (answer: string | number, password = 'root') => {
  const rpc = await tcpPeer((request, socket) => {
    const isStats = request.includes('stats');
    const stats = { STATS: [{ Type: 'Antminer S21' }, { Elapsed: 9_000, 'GHS 5s': 206_238 }] };
    socket.end(`${JSON.stringify(isStats ? stats : { POOLS: [] })}\0`);
  });
  const web = await webPeer(
    {
      'GET /cgi-bin/get_miner_conf.cgi': (_, response) => response.end('{"bitmain-work-mode":"0"}'),
      'GET /cgi-bin/summary.cgi': (_, response) =>
        typeof answer === 'number' ? response.writeHead(answer).end() : response.end(answer),
    },
    { user: 'root', password },
  );
  onTestFinished(async () => void (await Promise.all([rpc.close(), web.close()])));
  const address = {
    minerId: 'm-1',
    host: '127.0.0.1',
    rpcPort: rpc.port,
    httpPort: web.port,
    username: 'root',
    password: 'root',
  };
  const io = minerIo(address, { connectMs: 1_000, exchangeMs: 2_000, maxBytes: 100_000 }, new Semaphore(4));
  const adapter = antminerAdapter({ minerId: 'm-1', io, nowMs: Date.now });
  const asked = () => web.seen.filter((line) => line.endsWith('summary.cgi')).length;
  return { adapter, web, asked };
};
const restart: MinerOrder = { type: 'MINER_RESTART', params: {} };

describe('a stock Antminer', () => {
  it('tells its errors in full reads alone, under its login', async () => {
    const fans = { type: 'fans', status: 'e', code: 3, msg: 'fan lost' };
    const { adapter, web, asked } = await antminer(JSON.stringify(summary([...well, fans])));
    expect((await adapter.read('core')).reading).not.toHaveProperty('errorCodes');
    expect(web.seen).toEqual([]);
    expect((await adapter.read('full')).reading).toMatchObject({ state: 'hashing', errorCodes: ['fans:3'] });
    expect(asked()).toBe(1);
    const before = await adapter.snapshot(restart);
    await adapter.readBack(restart, before, 0);
    expect(asked(), 'not for an order').toBe(1);
  });

  it('is read without them where it has no such page, which is not asked for twice', async () => {
    const { adapter, asked } = await antminer(404);
    for (const _ of [1, 2]) {
      const { reading, fault } = await adapter.read('full');
      expect(fault).toBeUndefined();
      expect(reading).not.toHaveProperty('errorCodes');
      expect(reading.values.hashrateThs).toBeCloseTo(206.238, 6);
    }
    expect(asked()).toBe(1);
  });

  it.each([
    ['another login', JSON.stringify(summary(well)), 'changed'],
    ['a broken page', '{"SUMMARY":[{"status":[{"type":"fa', 'root'],
    ['a busy web server', 503, 'root'],
  ] as const)('is read without them behind %s', async (_, answer, password) => {
    const { adapter } = await antminer(answer, password);
    const { reading, fault } = await adapter.read('full');
    expect(fault).toBeUndefined();
    expect(reading.state).toBe('hashing');
    expect(reading).not.toHaveProperty('errorCodes');
  });
});

describe('a simulated Antminer', () => {
  it('tells what is wrong with it, by the simulator’s numbers', async () => {
    const site: ManualSite = await startManualSite();
    onTestFinished(() => site.close());
    const { minerId } = site.one('Antminer S19');
    const adapter = adapterAt(site.one('Antminer S19'));
    const errors = async () => (await adapter.read('full')).reading.errorCodes;
    expect(await errors()).toEqual([]);
    site.inject(minerId, { kind: 'dead_fan', fan: 2 });
    site.inject(minerId, { kind: 'dead_board', board: 3 });
    site.pass(60);
    expect(await errors()).toEqual(expect.arrayContaining(['rate:1', 'fans:3']));
  });
});
