import type { Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { minerIo } from '../adapters/miner-io.ts';
import { type TcpPeer, tcpPeer } from '../test-kit/tcp-peer.ts';
import { until } from '../test-kit/until.ts';
import { DigestClient } from './http-digest.ts';
import { httpExchange } from './http-exchange.ts';
import { parseLooseJson, parseWholeJson } from './loose-json.ts';
import { MinerFault } from './miner-fault.ts';
import { Semaphore } from './semaphore.ts';
import { exchange, framedExchange, LostAnswer } from './tcp-exchange.ts';

const limits = { connectMs: 500, exchangeMs: 250, maxBytes: 300_000 };
const host = '127.0.0.1';
const open: { close: () => Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((peer) => peer.close()));
});

/** A server that answers so, and the sockets it was reached by. */
const serverThat = async (
  answer: (socket: Socket, request: string) => void,
): Promise<TcpPeer & { readonly sockets: Set<Socket> }> => {
  const sockets = new Set<Socket>();
  const peer = await tcpPeer((request, socket) => {
    sockets.add(socket);
    answer(socket, request);
  });
  open.push(peer);
  return { ...peer, sockets };
};
const areGone = ({ sockets }: { readonly sockets: ReadonlySet<Socket> }) =>
  until('the end of the sockets', () => [...sockets].every(({ destroyed }) => destroyed));
const bytesThenOpen = (bytes: string) => serverThat((socket) => void socket.write(bytes));
const bytesThenEnd = (bytes: string) => serverThat((socket) => void socket.end(bytes));
/** As a miner that reboots: the connection is reset, not closed. */
const bytesThenReset = (bytes: string) =>
  serverThat((socket) => void socket.write(bytes, () => setTimeout(() => socket.resetAndDestroy(), 20)));
const drip = (bytes: string, everyMs: number) =>
  serverThat((socket) => {
    let at = 0;
    const timer = setInterval(() => {
      if (at < bytes.length) socket.write(bytes.charAt(at++));
    }, everyMs);
    socket.on('close', () => clearInterval(timer));
  });

const rpc = async ({ port }: TcpPeer) =>
  parseLooseJson(await exchange({ host, port }, '{"command":"summary"}', limits));
const web = ({ port }: TcpPeer) => httpExchange({ host, port }, { method: 'GET', path: '/' }, limits);
const page = (body: string, length: number | undefined, more = '') =>
  `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n${
    length === undefined ? '' : `content-length: ${length}\r\n`
  }${more}\r\n${body}`;
const faultOf = (work: Promise<unknown>) =>
  work.then(
    (value) => expect.fail(`must be refused, not ${JSON.stringify(value)}`),
    (error: unknown) => (error instanceof MinerFault ? error : expect.fail(`${error} must be a MinerFault`)),
  );

describe('a broken answer of an RPC port', () => {
  it.each([
    ['two answers at once', '{"STATUS":[{"STATUS":"S"}],"id":1}{"STATUS":[{"STATUS":"E"}],"id":2}'],
    ['an answer and a half', '{"STATUS":[{"STATUS":"S"}],"id":1}{"STATUS":[{"STAT'],
    ['a NUL and a newline', '{"STATUS":[{"STATUS":"S"}],"id":1}\0\n'],
    ['a newline and a NUL', '{"STATUS":[{"STATUS":"S"}],"id":1}\r\n\0'],
    ['several NULs', '{"STATUS":[{"STATUS":"S"}],"id":1}\0\0\0'],
    ['blanks before and behind', '\r\n {"STATUS":[{"STATUS":"S"}],"id":1} \r\n'],
  ])('is read: %s', async (_, bytes) => {
    const whole = { STATUS: [{ STATUS: 'S' }], id: 1 };
    expect(await rpc(await bytesThenEnd(bytes))).toEqual(whole);
  });

  it.each([
    [
      'bare nan in a list',
      '{"SUMMARY":[{"temp":[61.5,nan,-nan,inf],"MHS av":1}]}',
      { temp: [61.5, null, null, null], 'MHS av': 1 },
    ],
    ['bare nan as a value', '{"SUMMARY":[{"Hardware%":nan,"MHS av":1}]}', { 'Hardware%': null, 'MHS av': 1 }],
    ['a missing comma', '{"SUMMARY":[{"MHS av":1 "Elapsed":2}]}', { 'MHS av': 1, Elapsed: 2 }],
  ])('is read: %s', async (_, bytes, row) => {
    expect(await rpc(await bytesThenOpen(bytes))).toEqual({ SUMMARY: [row] });
  });

  it.each([
    [
      'unquoted keys',
      '{"Msg":{"error_code":[{110:"2024-01-01"},{218:"2024-01-02"}]}}',
      [{ 110: '2024-01-01' }, { 218: '2024-01-02' }],
    ],
    ['keys alone', '{"Msg":{"error_code":{"110","218"}}}', ['110', '218']],
    ['braces for a list', '{"Msg":{"error_code":{{"110":"t"},{"218":"t"}}}}', [{ 110: 't' }, { 218: 't' }]],
  ])('is read: Whatsminer’s error codes with %s', async (_, bytes, codes) => {
    expect(await rpc(await bytesThenOpen(bytes))).toEqual({ Msg: { error_code: codes } });
  });

  it('is read as far as it came whole, and never taken for a whole one, where its tail was cut', async () => {
    const peer = await bytesThenEnd('{"SUMMARY":[{"MHS av":95000.1,"Elapsed":12');
    const text = await exchange({ host, port: peer.port }, '{}', limits);
    expect(parseLooseJson(text)).toEqual({ SUMMARY: [{ 'MHS av': 95_000.1 }] });
    expect(() => parseWholeJson(text)).toThrow(MinerFault);
  });

  it('is lost where the miner reboots within it, and whole where it reboots behind it', async () => {
    const within = await faultOf(rpc(await bytesThenReset('{"SUMMARY":[{"MHS av":95000')));
    expect(within).toBeInstanceOf(LostAnswer);
    expect(within.kind).toBe('unreachable');
    expect(await rpc(await bytesThenReset('{"id":1}'))).toEqual({ id: 1 });
  });

  it('is given up when it drips too slowly, and read when it only drips', async () => {
    const bytes = '{"STATUS":[{"STATUS":"S"}]}';
    const slow = await drip(bytes, 40);
    const begun = performance.now();
    expect(await faultOf(rpc(slow))).toMatchObject({ kind: 'timeout' });
    expect(performance.now() - begun).toBeLessThan(limits.connectMs + limits.exchangeMs);
    expect(await rpc(await drip(bytes, 1))).toEqual({ STATUS: [{ STATUS: 'S' }] });
  });

  it('costs no more for coming in thousands of pieces', async () => {
    const rows = Array.from({ length: 6_000 }, (_, at) => ({ at, text: 'brackets } ] in strings' }));
    const bytes = JSON.stringify({ rows });
    const peer = await serverThat((socket) => {
      socket.setNoDelay(true);
      let at = 0;
      const more = () => {
        for (let piece = 0; piece < 64 && at < bytes.length; piece++, at += 16)
          socket.write(bytes.slice(at, at + 16));
        if (at < bytes.length) setImmediate(more);
      };
      more();
    });
    const before = process.cpuUsage();
    const long = { ...limits, exchangeMs: 10_000 };
    const answer = await exchange({ host, port: peer.port }, '{}', long);
    expect(parseLooseJson(answer)).toEqual({ rows });
    expect(process.cpuUsage(before).user / 1000).toBeLessThan(4_000);
  });

  it.each([
    ['says nothing', ''],
    ['says half and nothing more', '{"SUMMARY":[{"a":1'],
  ])('leaves no socket behind where the miner %s, half open', async (_, bytes) => {
    const peer = await bytesThenOpen(bytes);
    expect(await faultOf(rpc(peer))).toMatchObject({ kind: 'timeout' });
    await areGone(peer);
  });

  it('is refused where it nests without end', async () => {
    const fault = await faultOf(rpc(await bytesThenEnd('{"a":['.repeat(20_000))));
    expect(fault.kind).toBe('unparseable');
  });
});

describe('a broken answer in frames', () => {
  const frame = (text: string) => {
    const head = Buffer.alloc(4);
    head.writeUInt32LE(text.length);
    return Buffer.concat([head, Buffer.from(text)]).toString('latin1');
  };
  const ask = ({ port }: TcpPeer) => framedExchange({ host, port }, '{}', limits);

  it('is read behind heartbeats, byte by byte, and without what follows it', async () => {
    const bytes = `\0\0\0\0\0\0\0\0${frame('{"code":0}')}${frame('{"code":-1}')}`;
    expect(await ask(await bytesThenEnd(bytes))).toBe('{"code":0}');
    expect(await ask(await drip(bytes, 1))).toBe('{"code":0}');
  });

  it('is lost where its length is wrong', async () => {
    const long = await faultOf(ask(await bytesThenEnd(`\x20\0\0\0{"code":0}`)));
    expect(long).toBeInstanceOf(LostAnswer);
    expect(await faultOf(ask(await bytesThenOpen('\x7f\x7f\x7f\x7f{}')))).toMatchObject({
      kind: 'too_large',
    });
  });
});

describe('a broken answer of a web page', () => {
  const body = '{"STATS":[{"rate":95.1}]}';

  it.each([
    ['more than there is, and closes', () => bytesThenEnd(page(body, body.length + 40))],
    ['more than there is, and stays open', () => bytesThenOpen(page(body, body.length + 40))],
    ['more than there is, and reboots', () => bytesThenReset(page(body, body.length + 40))],
    ['nothing', () => bytesThenEnd(page(body, undefined))],
    ['nothing, with a NUL and a newline', () => bytesThenEnd(page(`${body}\0\n`, undefined))],
    ['so, with a NUL', () => bytesThenEnd(page(`${body}\0`, body.length + 1))],
  ])('is read where its length says %s', async (_, peer) => {
    const answer = await web(await peer());
    expect(answer.status).toBe(200);
    expect(parseWholeJson(answer.body.replace(/\0\n?$/, ''))).toEqual({ STATS: [{ rate: 95.1 }] });
    expect(parseLooseJson(answer.body)).toEqual({ STATS: [{ rate: 95.1 }] });
  });

  it('is cut, and said to be, where its length says less than there is', async () => {
    const { body: got } = await web(await bytesThenEnd(page(body, body.length - 5)));
    expect(got).toBe(body.slice(0, -5));
    expect(() => parseWholeJson(got)).toThrow(MinerFault);
  });

  it.each([
    ['closes', bytesThenEnd],
    ['reboots', bytesThenReset],
  ])('is lost where the miner %s within it', async (_, peer) => {
    expect(await faultOf(web(await peer(page('{"STATS":[{"ra', 400))))).toBeInstanceOf(LostAnswer);
    expect(await faultOf(web(await peer('HTTP/1.1 200 OK\r\ncontent-le')))).toBeInstanceOf(LostAnswer);
    expect(await faultOf(web(await peer('')))).toBeInstanceOf(LostAnswer);
  });

  it('is lost in chunks that never end, or are none', async () => {
    const chunked = (rest: string) => page(rest, undefined, 'transfer-encoding: chunked\r\n');
    expect(await faultOf(web(await bytesThenEnd(chunked('10\r\n{"STATS":'))))).toBeInstanceOf(LostAnswer);
    expect(await faultOf(web(await bytesThenEnd(chunked('zz\r\n{"STATS":'))))).toBeInstanceOf(LostAnswer);
  });

  it('is understood to be no page where something else answers', async () => {
    const fault = await faultOf(web(await bytesThenEnd('SSH-2.0-dropbear_2018\r\n')));
    expect(fault).toBeInstanceOf(LostAnswer);
    expect(fault.kind).toBe('unparseable');
  });

  it('is given up when it drips, in its head or its body, and leaves no socket behind', async () => {
    for (const bytes of [page(body, body.length), `${page('', 4_000)}`]) {
      const peer = await drip(bytes, 40);
      expect(await faultOf(web(peer))).toMatchObject({ kind: 'timeout' });
      await areGone(peer);
    }
    const silent = await bytesThenOpen(page('', 4_000));
    expect(await faultOf(web(silent))).toMatchObject({ kind: 'timeout' });
    await areGone(silent);
  });

  it('asks for a login with words that are hard to send back, or cannot be', async () => {
    const challenge = 'www-authenticate: Digest realm="a\u0001b", nonce="\u0002", qop="auth"';
    const refusal = `HTTP/1.1 401 Unauthorized\r\n${challenge}\r\ncontent-length: 0\r\n\r\n`;
    const { port } = await bytesThenEnd(refusal);
    const login = new DigestClient({ host, port, username: 'root', password: 'root' }, limits);
    expect((await faultOf(login.send('GET', '/'))).kind).toMatch(/denied|unparseable/);
    const page = { method: 'GET', path: '/', headers: { cookie: 'a\r\nb: c' } } as const;
    const cookie = await faultOf(httpExchange({ host, port }, page, limits));
    expect(cookie.kind).toBe('unparseable');
    expect(cookie).not.toBeInstanceOf(LostAnswer);
  });

  it('is given up when it is a flood', async () => {
    const peer = await bytesThenOpen(page('x'.repeat(limits.maxBytes + 1), undefined));
    expect(await faultOf(web(peer))).toMatchObject({ kind: 'too_large' });
  });
});

describe('a miner that refuses connections at random', () => {
  const ioAt = (port: number) =>
    minerIo(
      { minerId: 'm1', host, rpcPort: port, httpPort: port, username: 'root', password: 'root' },
      limits,
      new Semaphore(4),
    );
  /** A port that nobody holds until the server comes back to it. */
  const lateServer = async (answer: string) => {
    const gone = await tcpPeer(() => {});
    await gone.close();
    const requests: string[] = [];
    const back = setTimeout(async () => {
      const peer = await tcpPeer((request, socket) => {
        requests.push(request);
        socket.end(answer);
      }, gone.port);
      open.push(peer);
    }, 60);
    open.push({ close: async () => clearTimeout(back) });
    return { port: gone.port, requests };
  };

  it('is asked once more, over either port', async () => {
    const rpcPort = await lateServer('{"id":1}');
    expect(await ioAt(rpcPort.port).rpc('{"command":"summary"}')).toEqual({ id: 1 });
    const webPort = await lateServer(page('{}', 2));
    expect(await ioAt(webPort.port).web({ method: 'GET', path: '/' })).toMatchObject({ status: 200 });
    expect([rpcPort.requests.length, webPort.requests.length]).toEqual([1, 1]);
  });

  it('is not asked again what it may have acted on', async () => {
    const peer = await serverThat((socket) => void socket.resetAndDestroy());
    const io = ioAt(peer.port);
    expect(await faultOf(io.rpc('{"command":"restart"}'))).toBeInstanceOf(LostAnswer);
    expect(await faultOf(io.web({ method: 'POST', path: '/reboot', body: '{}' }))).toBeInstanceOf(LostAnswer);
    // Before its login is asked for, too.
    expect((await faultOf(io.http('POST', '/cgi-bin/reboot.cgi'))).kind).toBe('unreachable');
    expect(peer.requests).toHaveLength(3);
  });

  it('is left alone when the asking is stopped meanwhile', async () => {
    const gone = await tcpPeer(() => {});
    await gone.close();
    const stop = new AbortController();
    const asked = faultOf(ioAt(gone.port).rpc('{}', stop.signal));
    setTimeout(() => stop.abort(), 30);
    expect(await asked).toMatchObject({ kind: 'aborted' });
    expect(await faultOf(ioAt(gone.port).rpc('{}'))).toMatchObject({ kind: 'unreachable' });
  });
});
