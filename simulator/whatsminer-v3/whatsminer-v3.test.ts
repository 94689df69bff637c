import { createCipheriv, createHash } from 'node:crypto';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ask, converse, type ManualSite, startManualSite } from '../test-support.ts';

let site: ManualSite;
beforeEach(async () => {
  site = await startManualSite({ mix: { 'Whatsminer M60S (API 3)': 1 }, miners: 1 });
});
afterEach(() => site.close());

const miner = () => site.one('Whatsminer M60S (API 3)');
const frame = (body: string) => {
  const bytes = Buffer.from(body);
  const header = Buffer.alloc(4);
  header.writeUInt32LE(bytes.length);
  return Buffer.concat([header, bytes]);
};
const whole = (bytes: Buffer) => bytes.length >= 4 && bytes.length >= 4 + bytes.readUInt32LE();
const tell = async (request: object, patienceMs = 3000) => {
  const { bytes } = await converse(miner().framePort ?? 0, [frame(JSON.stringify(request))], {
    until: whole,
    patienceMs,
  });
  return whole(bytes) ? JSON.parse(bytes.subarray(4, 4 + bytes.readUInt32LE()).toString()) : undefined;
};

/** As the vendor's document makes it: of command, password, salt and second. */
const write = async (cmd: string, param?: unknown, options: { password?: string; sealed?: boolean } = {}) => {
  const { msg } = await tell({ cmd: 'get.device.info', param: 'salt' });
  const ts = Math.floor(site.clock.nowMs / 1000);
  const key = createHash('sha256')
    .update(`${cmd}${options.password ?? 'hi-sim-1'}${msg.salt}${ts}`)
    .digest();
  const cipher = createCipheriv('aes-256-ecb', key, null);
  const sealed =
    options.sealed === true
      ? Buffer.concat([cipher.update(JSON.stringify(param)), cipher.final()]).toString('base64')
      : param;
  return tell({ cmd, ts, token: key.toString('base64').slice(0, 8), account: 'super', param: sealed }, 400);
};

describe('reads', () => {
  it('tell what is physically so, in TH/s and watts', async () => {
    const physical = site.physical(miner().minerId);
    const { code, msg, desc } = await tell({ cmd: 'get.miner.status', param: 'summary+pools+edevs' });
    expect({ code, desc }).toEqual({ code: 0, desc: 'get.miner.status' });
    expect(msg.summary['hash-realtime']).toBeCloseTo(physical.hashrateThs, 2);
    expect(msg.summary['power-realtime']).toBe(Math.round(physical.powerW));
    expect(msg.summary['chip-temp-max']).toBeCloseTo(physical.chipTempC, 0);
    expect(msg.edevs).toHaveLength(3);
    expect(msg.pools[0]).toMatchObject({ id: 1, status: 'alive', 'stratum-active': true });
    expect(msg.pools[0].accepted).toBeUndefined();
  });

  it('know the device, in part or whole', async () => {
    const { msg } = await tell({ cmd: 'get.device.info' });
    expect(msg).toMatchObject({
      miner: { type: 'M60S_VK30', working: 'true', 'miner-sn': miner().serialNumber },
      system: { api: '3.0.2', fwversion: '20251209.16.Rel2' },
      network: { mac: miner().macAddress },
      'error-code': [],
    });
    expect((await tell({ cmd: 'get.device.info', param: 'salt' })).msg).toEqual({ salt: msg.salt });
    expect((await tell({ cmd: 'get.miner.setting' })).msg).toMatchObject({ 'power-mode': 'normal' });
  });

  it('say what is wrong', async () => {
    expect(await tell({ cmd: 'get.nonsense' })).toMatchObject({ code: -2 });
    expect(await tell({ nothing: 1 })).toMatchObject({ code: -1 });
    expect(await tell({ cmd: 'get.miner.status', param: 'nonsense' })).toMatchObject({ code: -1 });
  });

  it('go on over API 2, which writes nothing here', async () => {
    const { Msg } = JSON.parse(await ask(miner().rpcPort, '{"cmd":"get_version"}'));
    expect(Msg).toMatchObject({ api_ver: '2.0.5', fw_ver: '20251209.16.Rel2' });
  });
});

describe('the wire', () => {
  it('takes a frame in pieces, two at once, and gives a heartbeat back', async () => {
    const port = miner().framePort ?? 0;
    const request = frame('{"cmd":"get.miner.setting"}');
    const { bytes } = await converse(port, [Buffer.concat([Buffer.alloc(4), request, request])], {
      patienceMs: 400,
    });
    expect(bytes.readUInt32LE()).toBe(0);
    const first = bytes.readUInt32LE(4);
    expect(bytes).toHaveLength(4 + 2 * (4 + first));
  });

  it('takes ten clients and no more', async () => {
    const port = miner().framePort ?? 0;
    const open = Array.from({ length: 10 }, () => connect({ host: '127.0.0.1', port }));
    try {
      await Promise.all(open.map((socket) => new Promise((resolve) => socket.once('connect', resolve))));
      expect((await converse(port, [frame('{"cmd":"get.miner.setting"}')])).ended).toBe('reset');
    } finally {
      for (const socket of open) socket.destroy();
    }
  });
});

describe('writes', () => {
  it('stop and start', async () => {
    const { minerId } = miner();
    expect(await write('set.miner.service', 'stop')).toMatchObject({ code: 0, msg: 'ok' });
    site.pass(60);
    expect(site.physical(minerId).phase).toBe('off');
    expect((await tell({ cmd: 'get.device.info', param: 'miner' })).msg.miner.working).toBe('false');
    expect(await tell({ cmd: 'get.miner.status', param: 'pools' })).toMatchObject({ code: -1 });
    expect((await tell({ cmd: 'get.miner.status', param: 'summary+pools' })).msg.pools).toBeUndefined();
    await write('set.miner.service', 'start');
    site.pass(300);
    expect(site.physical(minerId).hashing).toBe(true);
  });

  it('set mode, limit, percentage, light, and pools that come encrypted', async () => {
    const { minerId } = miner();
    await write('set.miner.power_mode', 'low');
    site.pass(600);
    expect((await tell({ cmd: 'get.miner.setting' })).msg['power-mode']).toBe('low');
    await write('set.miner.power_mode', 'normal');
    site.pass(600);
    expect(await write('set.miner.power_limit', 3000)).toMatchObject({ code: 0 });
    site.pass(600);
    expect(Math.abs(site.physical(minerId).powerW - 3000)).toBeLessThan(100);
    expect(await write('set.miner.power_percent', { percent: 80, mode: 'normal' })).toMatchObject({
      code: -1,
    });
    expect(await write('set.miner.power_percent', { percent: '80', mode: 'normal' })).toMatchObject({
      code: 0,
    });
    await write('set.system.led', [{ color: 'red', period: 200, duration: 100, start: 0 }]);
    expect(site.physical(minerId).ledOn).toBe(true);
    const pools = [{ pool: 'stratum+tcp://a:1', worker: 'w', passwd: 'p' }];
    expect(await write('set.miner.pools', pools)).toMatchObject({ code: -1 });
    expect(await write('set.miner.pools', pools, { sealed: true })).toMatchObject({ code: 0 });
    expect(site.physical(minerId).pools).toEqual([{ url: 'stratum+tcp://a:1', user: 'w', password: 'p' }]);
  });

  it('need the password', async () => {
    expect(await write('set.miner.service', 'stop', { password: 'super' })).toMatchObject({ code: -4 });
    expect(await tell({ cmd: 'set.miner.service', param: 'stop' })).toMatchObject({ code: -4 });
    const change = { account: 'super', old: 'hi-sim-1', new: 'other' };
    expect(await write('set.user.change_passwd', change, { sealed: true })).toMatchObject({ code: 0 });
    expect(await write('set.miner.service', 'stop')).toMatchObject({ code: -4 });
    expect(await write('set.miner.service', 'stop', { password: 'other' })).toMatchObject({ code: 0 });
  });

  it('can be refused and lost', async () => {
    const { minerId } = miner();
    site.inject(minerId, { kind: 'refuses_writes' });
    expect(await write('set.miner.service', 'stop')).toMatchObject({ code: -4 });
    site.clear(minerId);
    site.inject(minerId, { kind: 'lost_answers' });
    expect(await write('set.miner.service', 'stop')).toBeUndefined();
    site.pass(10);
    expect(site.physical(minerId).phase).toBe('off');
  });
});
