import { createCipheriv, createDecipheriv, createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ask, converse, type ManualSite, startManualSite } from '../test-support.ts';
import { md5crypt } from './md5crypt.ts';

let site: ManualSite;
beforeEach(async () => {
  site = await startManualSite({ mix: { 'Whatsminer M50': 1, 'Whatsminer M60': 1 }, miners: 2 });
});
afterEach(() => site.close());

const status = (code: number, msg: string) =>
  `{"STATUS":"E","When":1760000001,"Code":${code},"Msg":"${msg}","Description":""}`;

type Session = { readonly key: string; readonly token: string };

/** As the vendor's document describes it: the key from the password and salt, the token from the key, time and newsalt. */
const openSession = async (port: number, password = 'hi-sim-1'): Promise<Session> => {
  const { Code, Msg } = JSON.parse(await ask(port, '{"cmd":"get_token"}'));
  expect(Code).toBe(134);
  expect(Msg.time).toBe(String(Math.floor(site.clock.nowMs / 1000)).slice(-4));
  const key = md5crypt(password, Msg.salt);
  return { key, token: md5crypt(key + Msg.time, Msg.newsalt) };
};

const cipherText = (session: Session, order: object, padding: 'zero' | 'pkcs7' = 'zero') => {
  const plain = Buffer.from(JSON.stringify({ token: session.token, ...order }));
  const filled =
    padding === 'zero' ? Buffer.concat([plain, Buffer.alloc((16 - (plain.length % 16)) % 16)]) : plain;
  const cipher = createCipheriv('aes-256-ecb', createHash('sha256').update(session.key).digest(), null);
  cipher.setAutoPadding(padding === 'pkcs7');
  return Buffer.concat([cipher.update(filled), cipher.final()]).toString('base64');
};

const write = async (port: number, session: Session, order: object, padding: 'zero' | 'pkcs7' = 'zero') => {
  const answer = JSON.parse(
    await ask(port, JSON.stringify({ enc: 1, data: cipherText(session, order, padding) })),
  );
  if (answer.enc === undefined) return answer;
  const decipher = createDecipheriv(
    'aes-256-ecb',
    createHash('sha256').update(session.key).digest(),
    null,
  ).setAutoPadding(false);
  const plain = Buffer.concat([
    decipher.update(Buffer.from(answer.enc, 'base64')),
    decipher.final(),
  ]).toString('utf8');
  return JSON.parse(plain.slice(0, plain.lastIndexOf('}') + 1));
};

it.each([
  ['admin', '5QAHiKMb', 'x5JSSQzqF0lEACIGSL0Ld1'],
  ['', 'abcdefgh', 'M55TzYaaccxVGbptZWaxX/'],
  ['a much longer pass phrase than 16', 'Zz/.09ab', 'UQS0OtKteagELF2xhMJ2D/'],
])('md5crypt of %j agrees with openssl', (password, salt, checksum) => {
  expect(md5crypt(password, salt)).toBe(checksum);
});

describe('reads', () => {
  it('older firmware gives cgminer sections, ends with a NUL and closes', async () => {
    const { bytes, ended } = await converse(site.one('Whatsminer M50').rpcPort, ['{"command":"summary"}']);
    expect(ended).toBe('end');
    const text = bytes.toString('latin1');
    expect(
      text.startsWith(
        '{"STATUS":[{"STATUS":"S","When":1760000001,"Code":11,"Msg":"Summary","Description":"cgminer 4.9.2"}],"SUMMARY":[{"Elapsed":',
      ),
    ).toBe(true);
    expect(text.endsWith('}],"id":1}\0')).toBe(true);
  });

  it('later firmware wraps them, and keeps the connection for more', async () => {
    const { rpcPort } = site.one('Whatsminer M60');
    const { bytes } = await converse(rpcPort, ['{"cmd":"pools"}'], {
      until: (received) => received.includes(0),
    });
    const answer = JSON.parse(bytes.toString().replace('\0', ''));
    expect(answer).toMatchObject({ STATUS: 'S', Code: 131 });
    expect(answer.Msg[0]).toMatchObject({ POOL: 1, Status: 'Alive', 'Stratum Active': true });
  });

  it('joins the reports of cgminer, and nothing else', async () => {
    const { rpcPort } = site.one('Whatsminer M50');
    const joined = JSON.parse(await ask(rpcPort, '{"command":"summary+devs"}'));
    expect(joined.summary[0].SUMMARY).toHaveLength(1);
    expect(joined.devs[0].DEVS).toHaveLength(3);
    expect(await ask(rpcPort, '{"command":"summary+get_psu"}')).toBe(status(14, 'invalid cmd'));
  });

  it('answers every read of the document', async () => {
    const { rpcPort, macAddress } = site.one('Whatsminer M50');
    const read = async (cmd: string) => JSON.parse(await ask(rpcPort, JSON.stringify({ cmd })));
    expect((await read('edevs')).DEVS).toHaveLength(3);
    expect((await read('get_psu')).Msg).toMatchObject({ name: 'P222B', fan_speed: '6000' });
    expect((await read('get_version')).Msg).toMatchObject({ api_ver: '2.0.4', platform: 'H616' });
    expect((await read('get_miner_info')).Msg).toMatchObject({ mac: macAddress, ledstat: 'auto' });
    expect((await read('get_error_code')).Msg).toEqual({ error_code: [] });
    expect((await read('status')).Msg).toMatchObject({
      mineroff: 'false',
      power_mode: 'normal',
      hash_percent: '0',
    });
    expect((await read('devdetails')).DEVDETAILS).toHaveLength(3);
  });

  it('says what is wrong with a request', async () => {
    const { rpcPort } = site.one('Whatsminer M50');
    expect(await ask(rpcPort, '{"cmd":"nonsense"}')).toBe(status(14, 'invalid cmd'));
    expect(await ask(rpcPort, 'summary\n')).toBe(status(23, 'invalid json message'));
    expect(await ask(rpcPort, '{"cmd":"power_off","token":"x"}')).toBe(status(45, 'permission denied'));
    expect(await ask(rpcPort, '{"enc":1,"data":"%%%"}')).toBe(status(137, 'base64 decode error'));
    expect(await ask(rpcPort, '{"enc":1,"data":"AAAA"}')).toBe(status(135, 'check token error'));
    expect(await ask(rpcPort, `{"enc":1,"data":"${Buffer.alloc(32).toString('base64')}"}`)).toBe(
      status(135, 'check token error'),
    );
  });
});

describe('writes', () => {
  it.each(['zero', 'pkcs7'] as const)(
    'powers off and on again, the last block filled by %s',
    async (padding) => {
      for (const model of ['Whatsminer M50', 'Whatsminer M60'] as const) {
        const { rpcPort, minerId } = site.one(model);
        const session = await openSession(rpcPort);
        expect(await write(rpcPort, session, { cmd: 'power_off', respbefore: 'true' }, padding)).toEqual({
          STATUS: 'S',
          When: 1760000001,
          Code: 131,
          Msg: 'API command OK',
          Description: '',
        });
        site.pass(60);
        expect(site.physical(minerId)).toMatchObject({ phase: 'off', hashrateThs: 0 });
        expect(site.physical(minerId).powerW).toBeLessThan(80);
        expect(JSON.parse(await ask(rpcPort, '{"cmd":"status"}')).Msg.mineroff).toBe('true');
        await write(rpcPort, session, { cmd: 'power_on' }, padding);
        site.pass(200);
        expect(site.physical(minerId).phase).toBe('hashing');
      }
    },
  );

  it('sets pools, mode, limit, percentage and light', async () => {
    const { rpcPort, minerId, ratedPowerW } = site.one('Whatsminer M50');
    const session = await openSession(rpcPort);
    const settle = () => site.pass(600);
    const pool = {
      pool1: 'stratum+tcp://a:1',
      worker1: 'w',
      passwd1: 'p',
      pool2: '',
      worker2: '',
      passwd2: '',
      pool3: '',
      worker3: '',
      passwd3: '',
    };
    expect(await write(rpcPort, session, { cmd: 'update_pools', ...pool })).toMatchObject({ Code: 131 });
    expect((await converse(rpcPort, ['{"cmd":"pools"}'])).ended).toBe('reset');
    settle();
    expect(JSON.parse(await ask(rpcPort, '{"cmd":"pools"}')).POOLS).toEqual([
      expect.objectContaining({ URL: 'stratum+tcp://a:1', User: 'w', 'Stratum Active': true }),
    ]);
    await write(rpcPort, session, { cmd: 'set_low_power' });
    settle();
    expect(site.physical(minerId).powerW).toBeLessThan(ratedPowerW * 0.8);
    expect(JSON.parse(await ask(rpcPort, '{"cmd":"summary"}')).SUMMARY[0]['Power Mode']).toBe('Low');
    await write(rpcPort, session, { cmd: 'set_normal_power' });
    await write(rpcPort, session, { cmd: 'adjust_power_limit', power_limit: '2500' }).catch(() => undefined);
    settle();
    await write(rpcPort, session, { cmd: 'adjust_power_limit', power_limit: '2500' });
    settle();
    expect(Math.abs(site.physical(minerId).powerW - 2500)).toBeLessThan(100);
    await write(rpcPort, session, { cmd: 'adjust_power_limit', power_limit: '99999' });
    settle();
    expect(site.physical(minerId).powerW).toBeGreaterThan(ratedPowerW * 0.95);
    await write(rpcPort, session, { cmd: 'set_power_pct', percent: '70' });
    site.pass(120);
    expect(site.physical(minerId).powerW / ratedPowerW).toBeLessThan(0.73);
    expect(
      await write(rpcPort, session, { cmd: 'set_led', color: 'red', period: 60, duration: 20, start: 0 }),
    ).toMatchObject({ Code: 131 });
    expect(site.physical(minerId).ledOn).toBe(true);
  });

  it('answers wrong parameters, unknown commands and refusals with their codes', async () => {
    const { rpcPort, minerId } = site.one('Whatsminer M60');
    const session = await openSession(rpcPort);
    expect(await write(rpcPort, session, { cmd: 'set_power_pct', percent: '300' })).toMatchObject({
      STATUS: 'E',
      Code: 132,
    });
    expect(await write(rpcPort, session, { cmd: 'format_disk' })).toMatchObject({ STATUS: 'E', Code: 14 });
    site.inject(minerId, { kind: 'refuses_writes' });
    expect(await write(rpcPort, session, { cmd: 'power_off' })).toMatchObject({ STATUS: 'E', Code: 45 });
    expect(site.physical(minerId).phase).toBe('hashing');
  });

  it('does not answer a write whose answer is lost, and carries it out', async () => {
    const { rpcPort, minerId } = site.one('Whatsminer M50');
    const session = await openSession(rpcPort);
    site.inject(minerId, { kind: 'lost_answers' });
    const data = cipherText(session, { cmd: 'power_off' });
    const { bytes } = await converse(rpcPort, [JSON.stringify({ enc: 1, data })], { patienceMs: 200 });
    expect(bytes).toHaveLength(0);
    site.pass(10);
    expect(site.physical(minerId).phase).toBe('off');
  });
});

describe('tokens', () => {
  it('hold for thirty minutes', async () => {
    const { rpcPort } = site.one('Whatsminer M50');
    const session = await openSession(rpcPort);
    site.clock.nowMs += 29 * 60_000;
    expect(await write(rpcPort, session, { cmd: 'set_led', param: 'auto' })).toMatchObject({ Code: 131 });
    site.clock.nowMs += 61_000;
    expect(await write(rpcPort, session, { cmd: 'set_led', param: 'auto' })).toMatchObject({ Code: 135 });
  });

  it('are of no use with another password', async () => {
    const { rpcPort } = site.one('Whatsminer M50');
    const session = await openSession(rpcPort, 'admin');
    expect(await write(rpcPort, session, { cmd: 'power_off' })).toMatchObject({ Code: 135 });
  });

  it('are at most 32 at a time', async () => {
    const { rpcPort } = site.one('Whatsminer M50');
    for (let count = 0; count < 32; count++) await openSession(rpcPort);
    expect(await ask(rpcPort, '{"cmd":"get_token"}')).toBe(status(136, 'over max connect'));
    site.clock.nowMs += 31 * 60_000;
    await openSession(rpcPort);
  });

  it('end with a change of the password, and the default password writes nothing', async () => {
    const { rpcPort } = site.one('Whatsminer M50');
    const session = await openSession(rpcPort);
    expect(await write(rpcPort, session, { cmd: 'update_pwd', old: 'wrong', new: 'admin' })).toMatchObject({
      Code: 132,
    });
    await write(rpcPort, session, { cmd: 'update_pwd', old: 'hi-sim-1', new: 'admin' });
    expect(await write(rpcPort, session, { cmd: 'set_led', param: 'auto' })).toMatchObject({ Code: 135 });
    expect(
      await write(rpcPort, await openSession(rpcPort, 'admin'), { cmd: 'set_led', param: 'auto' }),
    ).toMatchObject({ Code: 45 });
  });
});
