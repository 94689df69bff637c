import { describe, expect, it, onTestFinished } from 'vitest';
import type { MinerOrder } from '../../../contracts/command.ts';
import { ioAt } from '../../test-kit/io-at.ts';
import { tcpPeer } from '../../test-kit/tcp-peer.ts';
import { eitherWhatsminer } from './either-api.ts';
import { frameAdapter } from './frame-adapter.ts';
import { parseDevice, parseStatus } from './frame-answers.ts';
import { sealedRequest } from './frame-writes.ts';

const nowMs = () => 1_700_000_000_999;
const framed = (text: string) => {
  const head = Buffer.alloc(4);
  head.writeUInt32LE(Buffer.byteLength(text));
  return Buffer.concat([head, Buffer.from(text)]);
};
const heartbeat = Buffer.alloc(4);

const status = {
  summary: {
    elapsed: 3_600,
    'hash-realtime': 185.25,
    'hash-average': 186,
    'factory-hash': 186.5,
    'power-realtime': 3_441,
    'power-5min': 3_400,
    'power-limit': 3_600,
    'environment-temperature': 25.5,
    'board-temperature': [61.5, 63, 62],
    'chip-temp-max': 88.5,
    'freq-avg': 640,
    'fan-speed-in': 4_050,
    'fan-speed-out': 4_110,
  },
  pools: [
    { id: 1, url: 'stratum+tcp://a.example:1', status: 'alive', account: 'w.1', 'stratum-active': true },
    { id: 2, url: 'stratum+tcp://b.example:1', status: 'dead', account: 'w.1', 'stratum-active': false },
  ],
  edevs: [
    { id: 0, slot: 0, 'hash-average': 62.5, 'effective-chips': 94, 'chip-temp-max': 88.5 },
    { id: 2, slot: 2, 'hash-average': 61.5, 'effective-chips': 93, 'chip-temp-max': 85 },
  ],
};

/** A hand-written Whatsminer with API 3. */
const newer = async () => {
  const miner = {
    working: 'true',
    code: 0,
    answers: true,
    heartbeats: 0,
    hasStatus: true,
    asked: [] as Record<string, unknown>[],
  };
  const device = () => ({
    network: { mac: '02:00:00:00:00:07', hostname: 'wm7' },
    miner: { type: 'M63S++_VL20', working: miner.working, 'miner-sn': 'SN7' },
    system: { api: '3.0.5', fwversion: '20260312.16.REL3', ledstatus: 'auto' },
    'error-code': [{ '541': '2026-03-01 10:00:00', reason: 'Slot 1 error' }],
    salt: 'QbVy1Ou3',
  });
  const peer = await tcpPeer((request, socket) => {
    const asked = JSON.parse(request.slice(4)) as Record<string, unknown>;
    miner.asked.push(asked);
    const say = (code: number, msg: unknown) => {
      for (let at = 0; at < miner.heartbeats; at++) socket.write(heartbeat);
      const bytes = framed(JSON.stringify({ code, when: 1_700_000_000, msg, desc: '' }));
      socket.write(bytes.subarray(0, 9));
      setTimeout(() => socket.write(bytes.subarray(9)), 5);
    };
    if (asked.cmd === 'get.miner.status')
      return say(miner.hasStatus ? 0 : -1, miner.hasStatus ? status : 'fail');
    if (asked.cmd === 'get.device.info') return say(0, device());
    if (asked.cmd === 'get.miner.setting') return say(0, { 'power-mode': 'normal' });
    if (miner.answers) say(miner.code, miner.code === 0 ? 'ok' : 'fail');
  });
  onTestFinished(() => peer.close());
  return { miner, peer, writes: () => miner.asked.filter(({ cmd }) => String(cmd).startsWith('set.')) };
};
const adapterTo = (framePort: number, rpcPort = 1) =>
  eitherWhatsminer({
    minerId: 'm-1',
    io: ioAt({ framePort, rpcPort }, 300),
    username: 'admin',
    password: 'admin',
    nowMs,
  });
const stop: MinerOrder = { type: 'HASHING_DISABLE', params: {} };

describe('a Whatsminer with API 3', () => {
  it('says who it is and what its figures are, behind heartbeats and in pieces', async () => {
    const { miner, peer } = await newer();
    miner.heartbeats = 2;
    const adapter = adapterTo(peer.port);
    expect(await adapter.identify()).toEqual({
      vendor: 'whatsminer',
      model: 'Whatsminer M63S++_VL20',
      firmware: '20260312.16.REL3',
      apiVersion: '3.0.5',
      macAddress: '02:00:00:00:00:07',
      serialNumber: 'SN7',
      hostname: 'wm7',
    });
    expect(await adapter.read('full')).toEqual({
      reading: {
        minerId: 'm-1',
        sampledAtMs: nowMs(),
        state: 'hashing',
        mode: 'normal',
        errorCodes: ['541'],
        values: {
          hashrateThs: 185.25,
          expectedHashrateThs: 186.5,
          powerW: 3_441,
          powerLimitW: 3_600,
          inletTempC: 25.5,
          boardTempC: 63,
          chipTempC: 88.5,
          fan1Rpm: 4_050,
          fan2Rpm: 4_110,
          frequencyMhz: 640,
          board1HashrateThs: 62.5,
          board1ChipTempC: 88.5,
          board1Chips: 94,
          board3HashrateThs: 61.5,
          board3ChipTempC: 85,
          board3Chips: 93,
          uptimeS: 3_600,
          poolsAlive: 1,
          activePool: 0,
        },
      },
    });
  });

  it('seals writes as the document describes: token and parameter worked out by openssl', () => {
    const seal = { account: 'super', password: 'super', salt: 'QbVy1Ou3', atS: 1_700_000_000 };
    expect(JSON.parse(sealedRequest({ command: 'set.miner.service', param: 'stop' }, seal))).toEqual({
      cmd: 'set.miner.service',
      ts: 1_700_000_000,
      token: '1jbuEluZ',
      account: 'super',
      param: 'stop',
    });
    const param = [{ pool: 'stratum+tcp://a.example:1', worker: 'w.1', passwd: 'x' }];
    expect(JSON.parse(sealedRequest({ command: 'set.miner.pools', param, sealed: true }, seal))).toEqual({
      cmd: 'set.miner.pools',
      ts: 1_700_000_000,
      token: 'kpF34rzl',
      account: 'super',
      param:
        'Vdc5pCmC4TI4H6rnAdg+ihERM/TCMJRbMneg1Gclsy64cfLCz8I/DV/xqXvs+arRyMD1R2yxHrZGIlSFWIkpnYnVuuwfsdizZZjhFJlo3KE=',
    });
  });

  it('writes once under its own account, and reads a stopped service that has no status', async () => {
    const { miner, peer, writes } = await newer();
    const adapter = adapterTo(peer.port);
    const before = await adapter.snapshot(stop);
    expect(await adapter.execute(stop, before)).toEqual({ kind: 'done' });
    expect(writes()).toEqual([
      { cmd: 'set.miner.service', ts: 1_700_000_000, token: '1jbuEluZ', account: 'super', param: 'stop' },
    ]);
    Object.assign(miner, { working: 'false', hasStatus: false });
    expect(await adapter.readBack(stop, before, 0)).toMatchObject({
      seen: true,
      reading: { state: 'stopped' },
    });
  });

  it('tells refusals by their code, and never repeats a write whose answer is lost', async () => {
    const { miner, peer, writes } = await newer();
    const adapter = adapterTo(peer.port);
    const before = await adapter.snapshot(stop);
    miner.code = -4;
    expect(await adapter.execute(stop, before)).toEqual({
      kind: 'refused',
      detail: 'the miner refuses set.miner.service: its account or write access does not permit it (code -4)',
    });
    miner.answers = false;
    expect(await adapter.execute(stop, before)).toMatchObject({ kind: 'lost' });
    expect(writes()).toHaveLength(2);
  });

  it('is spoken to by API 3 where both APIs answer, and by API 2 where only that does', async () => {
    const { peer } = await newer();
    const older = await tcpPeer((request, socket) => {
      const { cmd } = JSON.parse(request) as { cmd: string };
      const Msg = cmd === 'get_version' ? { api_ver: '2.0.5', fw_ver: '20240624.18.REL' } : {};
      socket.end(`${JSON.stringify({ STATUS: 'S', Code: 131, Msg })}\0`);
    });
    onTestFinished(() => older.close());
    expect(await adapterTo(peer.port, older.port).identify()).toMatchObject({ apiVersion: '3.0.5' });
    expect(await adapterTo(1, older.port).identify()).toMatchObject({ apiVersion: '2.0.5' });
    await expect(adapterTo(1).identify()).rejects.toThrow();
    expect((await adapterTo(peer.port).read('core')).reading).toMatchObject({ state: 'hashing' });
  });

  it('takes any answer for a fault or a reading, and never throws at one', async () => {
    for (const bytes of [
      framed('[]'),
      framed('{"code":0}'),
      framed('{"msg":{}}'),
      framed('nothing'),
      Buffer.from([255, 255, 255, 127, 1]),
      Buffer.from([9, 0, 0, 0, 1]),
    ]) {
      const peer = await tcpPeer((_, socket) => socket.end(bytes));
      const adapter = frameAdapter({
        minerId: 'm-1',
        io: ioAt({ framePort: peer.port }, 300),
        username: 'super',
        password: 'x',
        nowMs,
      });
      expect((await adapter.read('full')).reading).toMatchObject({ state: 'unreachable', values: {} });
      await peer.close();
    }
    expect(parseStatus({ summary: { 'hash-realtime': 'NaN', 'chip-temp-max': -273 }, edevs: 5 })).toEqual({});
    expect(parseDevice({ 'error-code': [{ code: 110 }, '218', {}] }).errorCodes).toEqual(['110', '218']);
  });
});
