import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { type TcpPeer, tcpPeer } from '../test-kit/tcp-peer.ts';
import { type WebPeer, webPeer } from '../test-kit/web-peer.ts';
import { DigestClient } from './http-digest.ts';
import { deepest, parseLooseJson, parseWholeJson } from './loose-json.ts';
import { MinerFault } from './miner-fault.ts';
import { Semaphore } from './semaphore.ts';
import { exchange, LostAnswer } from './tcp-exchange.ts';

const limits = { connectMs: 500, exchangeMs: 150, maxBytes: 4_096 };
const open: { close: () => Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((peer) => peer.close()));
});
const peerThat = async (...answer: Parameters<typeof tcpPeer>): Promise<TcpPeer> => {
  const peer = await tcpPeer(...answer);
  open.push(peer);
  return peer;
};
const ask = (port: number, signal?: AbortSignal) =>
  exchange({ host: '127.0.0.1', port }, '{"command":"stats"}', limits, signal);
const faultOf = (work: Promise<unknown>) =>
  work.then(
    () => expect.fail('must be refused'),
    (error: unknown) => (error instanceof MinerFault ? error : expect.fail('must be a MinerFault')),
  );

describe('exchange', () => {
  it.each([
    ['ends with NUL', '{"a":1}\0junk after', '{"a":1}'],
    ['ends with a newline and stays open', '{"a":"}"}\n', '{"a":"}"}\n'],
    ['ends with nothing and stays open', '{"a":[1,2]}', '{"a":[1,2]}'],
  ])('takes an answer that %s', async (_, bytes, text) => {
    const peer = await peerThat((_request, socket) => void socket.write(bytes));
    expect(await ask(peer.port)).toBe(text);
  });

  it('takes what a closed connection leaves', async () => {
    const peer = await peerThat((_, socket) => void socket.end('{"a":1,"b":'));
    expect(parseLooseJson(await ask(peer.port))).toEqual({ a: 1 });
  });

  it('gives up on silence, on a slow drip, on a flood, and on a closed door', async () => {
    const silent = await peerThat(() => {});
    const drip = await peerThat((_, socket) => {
      const timer = setInterval(() => socket.write('{'), 20);
      socket.on('close', () => clearInterval(timer));
    });
    const flood = await peerThat((_, socket) => void socket.write('x'.repeat(10_000)));
    const shut = await tcpPeer(() => {});
    await shut.close();
    const empty = await peerThat((_, socket) => void socket.end());
    expect(await faultOf(ask(silent.port))).toMatchObject({ kind: 'timeout' });
    expect(await faultOf(ask(drip.port))).toMatchObject({ kind: 'timeout' });
    expect(await faultOf(ask(flood.port))).toMatchObject({ kind: 'too_large' });
    expect(await faultOf(ask(empty.port))).toBeInstanceOf(LostAnswer);
    const refused = await faultOf(ask(shut.port));
    expect(refused.kind).toBe('unreachable');
    expect(refused).not.toBeInstanceOf(LostAnswer);
  });

  it('ends when its signal says so', async () => {
    const silent = await peerThat(() => {});
    const stop = new AbortController();
    const answer = ask(silent.port, stop.signal);
    stop.abort();
    expect(await faultOf(answer)).toMatchObject({ kind: 'aborted' });
  });
});

describe('loose JSON', () => {
  it.each([
    ['objects side by side', '{"STATS":[{"a":1}{"b":2}],"id":1}', { STATS: [{ a: 1 }, { b: 2 }], id: 1 }],
    ['a trailing comma', '{"a":[1,2,],}', { a: [1, 2] }],
    ['a leading comma', '{"a":[,{"b":1}]}', { a: [{ b: 1 }] }],
    ['a missing comma between strings', '{"fan":"x""temp0":5}', { fan: 'x', temp0: 5 }],
    ['a missing comma after an empty string', '{"acs":"""temp1":5}', { acs: '', temp1: 5 }],
    ['inf and nan', '{"a":inf,"b":-nan,"c":3}', { a: null, b: null, c: 3 }],
    ['newlines in strings', '{"a":"x\ny"}', { a: 'xy' }],
    [
      'a list written as a dict',
      '{"Msg":{"error_code":{"110","218"}}}',
      { Msg: { error_code: ['110', '218'] } },
    ],
    [
      'entries in a dict',
      '{"Msg":{"error_code":{{"110":"t"},{"218":"t"}}}}',
      { Msg: { error_code: [{ 110: 't' }, { 218: 't' }] } },
    ],
    [
      'keys without quotes',
      '{"Msg":{error_code:{110:"t",218:"t"}}}',
      { Msg: { error_code: { 110: 't', 218: 't' } } },
    ],
    ['nan in lists', '{"a":[1,nan,-NaN,Infinity,2]}', { a: [1, null, null, null, 2] }],
    ['a second answer', '{"a":1}{"b":2}', { a: 1 }],
    ['two answers, both damaged', '{"a":[1,],}{"b":nan,', { a: [1] }],
    ['a wrong bracket', '{"a":[{"b":1},{"c":2},"d":3}', { a: [{ b: 1 }, { c: 2 }, 'd', 3] }],
    ['NULs, blanks and newlines behind it', '{"a":1}\0\r\n \0', { a: 1 }],
    ['a byte order mark', '\uFEFF{"a":1}', { a: 1 }],
    ['half an answer', '{"STATS":[{"a":1,"b":12', { STATS: [{ a: 1 }] }],
    ['something before it', ',{"a":1}', { a: 1 }],
  ])('repairs %s', (_, text, value) => expect(parseLooseJson(text)).toEqual(value));

  it('is not taken for whole where it was cut, whatever else is wrong with it', () => {
    for (const text of ['{"a":1,"b":[1,2', '{"a":nan,"b":"x', '{"a":1', '{"a":{"b":1},'])
      expect(() => parseWholeJson(text), text).toThrow(MinerFault);
    expect(parseWholeJson('{"a":[1,2,],}')).toEqual({ a: [1, 2] });
  });

  it('refuses what nests deeper than anybody nests, and is quick with it', () => {
    const nested = (depth: number) => `${'[{"a":'.repeat(depth)}1${'}]'.repeat(depth)}`;
    expect(parseLooseJson(nested(deepest / 2))).toHaveLength(1);
    expect(() => parseLooseJson(nested(deepest))).toThrow('nests too deeply');
    const begun = performance.now();
    for (const text of [nested(50_000), `{"a":"${' '.repeat(200_000)}`, `{${'"a":,'.repeat(50_000)}`])
      expect(() => parseLooseJson(text)).toThrow(MinerFault);
    expect(performance.now() - begun).toBeLessThan(2_000);
  });

  it('never says anything but an object, a list or unparseable', () => {
    const piece = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      '"',
      ',',
      ':',
      '\\',
      'a',
      '1',
      '-',
      'nan',
      '""',
      '"k":',
      '\n',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(piece).map((parts) => parts.join('')),
        ),
        (text) => {
          try {
            expect(typeof parseLooseJson(text)).toBe('object');
          } catch (error) {
            expect(error).toMatchObject({ kind: 'unparseable' });
          }
        },
      ),
      { numRuns: 3_000 },
    );
  });

  it('leaves JSON as it is, and keeps only whole members of a cut answer', () => {
    const members = fc.dictionary(
      fc.string({ minLength: 1 }),
      fc.oneof(fc.integer(), fc.string(), fc.array(fc.integer())),
    );
    fc.assert(
      fc.property(members, (value) => {
        expect(parseLooseJson(JSON.stringify(value))).toEqual({ ...value });
      }),
    );
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 100, max: 999 }), { minLength: 2, maxLength: 9 }),
        fc.nat(),
        (figures, at) => {
          const whole = Object.fromEntries(figures.map((figure, index) => [`f${index}`, figure]));
          const text = JSON.stringify({ SUMMARY: [whole] });
          const start = '{"SUMMARY":[{'.length + 9;
          const cut = text.slice(0, start + (at % (text.length - start)));
          const parsed = parseLooseJson(cut);
          const kept: unknown =
            typeof parsed === 'object' && parsed && 'SUMMARY' in parsed ? parsed.SUMMARY : undefined;
          const [row] = Array.isArray(kept) ? kept : [{}];
          for (const [name, value] of Object.entries(row ?? {})) expect(value).toBe(whole[name]);
        },
      ),
    );
  });
});

describe('digest client', () => {
  const client = (peer: WebPeer, password = 'root') =>
    new DigestClient(
      { host: '127.0.0.1', port: peer.port, username: 'root', password },
      { ...limits, exchangeMs: 1_000 },
    );

  it('answers the challenge, keeps the nonce, and takes a new one when it goes stale', async () => {
    const peer = await webPeer({ 'POST /x': (body, response) => response.end(`got ${body}`) });
    open.push(peer);
    const web = client(peer);
    expect(await web.send('POST', '/x', 'one')).toMatchObject({ status: 200, body: 'got one' });
    expect(await web.send('POST', '/x', 'two')).toMatchObject({ status: 200, body: 'got two' });
    peer.renewNonce();
    expect(await web.send('POST', '/x', 'three')).toMatchObject({ status: 200, body: 'got three' });
    expect(peer.seen).toHaveLength(3);
  });

  it('lets several requests find a nonce stale at once, and counts on where another has taken the new one', async () => {
    const counts: string[] = [];
    const peer = await webPeer({
      'POST /x': (body, response) => {
        counts.push(/\bnc=(\w+)/.exec(response.req.headers.authorization ?? '')?.[1] ?? '');
        response.end(`got ${body}`);
      },
    });
    open.push(peer);
    const web = client(peer);
    await web.send('POST', '/x', 'one');
    peer.renewNonce();
    counts.length = 0;
    const answers = await Promise.all(['two', 'three', 'four'].map((body) => web.send('POST', '/x', body)));
    expect(answers.map(({ body }) => body)).toEqual(['got two', 'got three', 'got four']);
    expect(counts.toSorted()).toEqual(['00000001', '00000002', '00000003']);
  });

  it('is denied with the wrong password, without trying on', async () => {
    const peer = await webPeer({});
    open.push(peer);
    expect(await faultOf(client(peer, 'wrong').send('GET', '/'))).toMatchObject({ kind: 'denied' });
  });

  it('tells a lost answer from a request that never left', async () => {
    const peer = await webPeer({ 'POST /x': (_, response) => void response.socket?.destroy() });
    open.push(peer);
    expect(await faultOf(client(peer).send('POST', '/x', '{}'))).toBeInstanceOf(LostAnswer);
    const gone = await webPeer({});
    await gone.close();
    expect(await faultOf(client(gone).send('POST', '/x', '{}'))).not.toBeInstanceOf(LostAnswer);
  });
});

describe('semaphore', () => {
  it('never lets more in than it has seats, and lets everyone in at last', async () => {
    const seats = new Semaphore(3);
    let inside = 0;
    let most = 0;
    const work = async () => {
      most = Math.max(most, ++inside);
      await new Promise((resolve) => setImmediate(resolve));
      inside--;
    };
    const stop = new AbortController();
    const leaving = Array.from({ length: 5 }, () => seats.run(work).catch(() => {}));
    const gone = seats.run(work, stop.signal);
    stop.abort();
    expect(await faultOf(gone)).toMatchObject({ kind: 'aborted' });
    await Promise.all([...leaving, ...Array.from({ length: 20 }, () => seats.run(work))]);
    expect(most).toBe(3);
  });
});
