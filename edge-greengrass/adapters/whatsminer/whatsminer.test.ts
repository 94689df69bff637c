import { execFileSync } from 'node:child_process';
import { createCipheriv, createDecipheriv, createHash } from 'node:crypto';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { whyUnsupported } from '../../../contracts/capabilities/firmware-table.ts';
import type { MinerOrder } from '../../../contracts/command.ts';
import { minerReading } from '../../../contracts/reading.ts';
import { Semaphore } from '../../io/semaphore.ts';
import { type TcpPeer, tcpPeer } from '../../test-kit/tcp-peer.ts';
import { adapterFor } from '../adapter-for.ts';
import { minerIo } from '../miner-io.ts';
import { md5Crypt } from './md5-crypt.ts';
import { parseDevs, parseErrorCodes, parseStatus, parseSummary } from './parse-answers.ts';

const hasOpenssl = (() => {
  try {
    execFileSync('openssl', ['version']);
    return true;
  } catch {
    console.error('skipped: no openssl to compare md5crypt with');
    return false;
  }
})();

describe('md5crypt', () => {
  it('gives the published vector', () => {
    expect(md5Crypt('admin', '5QAHiKMb')).toBe('x5JSSQzqF0lEACIGSL0Ld1');
  });

  it.skipIf(!hasOpenssl)('agrees with openssl', () => {
    const word = fc.stringMatching(/^[A-Za-z0-9]{1,40}$/);
    const salt = fc.stringMatching(/^[A-Za-z0-9./]{1,8}$/);
    fc.assert(
      fc.property(word, salt, (password, using) => {
        const theirs = execFileSync('openssl', ['passwd', '-1', '-salt', using, password], {
          encoding: 'utf8',
        }).trim();
        expect(`$1$${using}$${md5Crypt(password, using)}`).toBe(theirs);
      }),
      { numRuns: 25 },
    );
  });
});

const peers: TcpPeer[] = [];
afterEach(async () => {
  await Promise.all(peers.splice(0).map((peer) => peer.close()));
});

/** What admin/5QAHiKMb gives (see the vector), hashed for AES; the token under 1234 and newSalt came from openssl. */
const aesKey = createHash('sha256').update('x5JSSQzqF0lEACIGSL0Ld1').digest();
const pkcs7 = (text: string) => {
  const cipher = createCipheriv('aes-256-ecb', aesKey, null);
  return Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]).toString('base64');
};
const opened = (data: string) => {
  const decipher = createDecipheriv('aes-256-ecb', aesKey, null).setAutoPadding(false);
  const plain = Buffer.concat([decipher.update(Buffer.from(data, 'base64')), decipher.final()]).toString(
    'utf8',
  );
  return JSON.parse(plain.slice(0, plain.lastIndexOf('}') + 1)) as Record<string, unknown>;
};

/** A hand-written Whatsminer with API 2. */
const whatsminer = async () => {
  const miner = {
    off: false,
    mode: 'Normal',
    limit: 3_600,
    pool: 'stratum+tcp://old.example:1',
    led: 'auto',
    elapsed: 5_000,
    writes: [] as Record<string, unknown>[],
    tokens: 0,
    refuseTokens: 0,
    code: 131,
    joins: true,
    wraps: 'not' as 'not' | 'named' | 'bare',
    answerWrites: true,
    unknown: '',
  };
  const summary = () => ({
    STATUS: [{ STATUS: 'S', Code: 11 }],
    SUMMARY: [
      {
        'HS RT': miner.off ? 0 : 124_500_000,
        Power: 3_200,
        'Power Limit': miner.limit,
        'Power Mode': miner.mode,
        Elapsed: miner.elapsed,
      },
    ],
  });
  const devs = () => ({ DEVS: [{ Slot: 0, 'MHS av': 41_500_000, 'Effective Chips': 135 }] });
  const pools = () => ({
    POOLS: [{ POOL: 1, URL: miner.pool, User: 'w.1', Status: 'Alive', 'Stratum Active': true, Accepted: 3 }],
  });
  const ok = (Msg: unknown, Code = 131) => ({ STATUS: 'S', When: 1, Code, Msg, Description: '' });
  const wrapped = (answer: object, section: unknown) =>
    miner.wraps === 'not' ? answer : ok(miner.wraps === 'named' ? answer : section);
  const reads: Record<string, () => unknown> = {
    summary: () => wrapped(summary(), summary().SUMMARY[0]),
    devs: () => wrapped(devs(), devs().DEVS),
    edevs: () => wrapped(devs(), devs().DEVS),
    pools: () => wrapped(pools(), pools().POOLS),
    status: () => ok({ mineroff: String(miner.off), power_mode: 'normal' }),
    get_error_code: () => ok({ error_code: [] }),
    get_version: () => ok({ api_ver: '2.0.5', fw_ver: '20230803.11.REL' }),
    get_miner_info: () => ok({ ledstat: miner.led }),
    devdetails: () => ({ DEVDETAILS: [{ Model: 'M50S_VH60' }] }),
    get_token: () => {
      miner.tokens++;
      return ok({ time: '1234', salt: '5QAHiKMb', newsalt: 'abcdefgh' }, 134);
    },
  };
  const act: Record<string, (params: Record<string, unknown>) => void> = {
    power_off: () => (miner.off = true),
    power_on: () => (miner.off = false),
    set_low_power: () => (miner.mode = 'Low'),
    adjust_power_limit: ({ power_limit }) => (miner.limit = Number(power_limit)),
    update_pools: ({ pool1 }) => (miner.pool = String(pool1)),
    set_led: ({ param }) => (miner.led = param === 'auto' ? 'auto' : 'red'),
    reboot: () => (miner.elapsed = 1),
  };
  const peer = await tcpPeer((request, socket) => {
    const asked = JSON.parse(request) as { cmd?: string; enc?: number; data?: string };
    if (asked.enc === 1) {
      const write = opened(asked.data ?? '');
      if (miner.refuseTokens-- > 0)
        return void socket.end('{"STATUS":"E","Code":135,"Msg":"check token error"}\0');
      miner.writes.push(write);
      if (miner.code === 131) act[String(write.cmd)]?.(write);
      if (!miner.answerWrites) return void socket.destroy();
      return void socket.end(
        `${JSON.stringify({ enc: pkcs7(JSON.stringify(ok('API command OK', miner.code))) })}\0`,
      );
    }
    const names = (asked.cmd ?? '').split('+');
    if (names.length > 1 && !miner.joins)
      return void socket.end('{"STATUS":"E","When":1,"Code":14,"Msg":"invalid cmd"}\0');
    const told = (name: string) =>
      (name === miner.unknown ? undefined : reads[name]?.()) ?? { STATUS: 'E', Code: 14 };
    const answer =
      names.length > 1 ? Object.fromEntries(names.map((name) => [name, [told(name)]])) : told(names[0] ?? '');
    socket.end(`${JSON.stringify(answer)}\0`);
  });
  peers.push(peer);
  const address = {
    minerId: 'm-2',
    host: '127.0.0.1',
    rpcPort: peer.port,
    httpPort: 1,
    username: 'admin',
    password: 'admin',
  };
  const io = minerIo(address, { connectMs: 500, exchangeMs: 1_000, maxBytes: 50_000 }, new Semaphore(4));
  return { miner, peer, adapter: adapterFor('whatsminer', address, io, Date.now) };
};

const carryOut = async ({ adapter }: Awaited<ReturnType<typeof whatsminer>>, order: MinerOrder) => {
  const before = await adapter.snapshot(order);
  const sinceMs = Date.now();
  return {
    outcome: await adapter.execute(order, before),
    before,
    back: await adapter.readBack(order, before, sinceMs),
  };
};

describe('a Whatsminer', () => {
  it.each<[MinerOrder, Record<string, unknown>]>([
    [
      { type: 'HASHING_DISABLE', params: {} },
      { cmd: 'power_off', respbefore: 'true' },
    ],
    [{ type: 'HASHING_ENABLE', params: {} }, { cmd: 'power_on' }],
    [{ type: 'MINER_RESTART', params: {} }, { cmd: 'reboot' }],
    [{ type: 'POWER_MODE', params: { mode: 'low' } }, { cmd: 'set_low_power' }],
    [
      { type: 'POWER_LIMIT', params: { limitW: 2_800 } },
      { cmd: 'adjust_power_limit', power_limit: '2800' },
    ],
    [
      { type: 'LED', params: { on: true } },
      { cmd: 'set_led', color: 'red' },
    ],
    [
      {
        type: 'POOL_SET',
        params: { pools: [{ url: 'stratum+tcp://new.example:2', user: 'w.1', password: 'x' }] },
      },
      { cmd: 'update_pools', pool1: 'stratum+tcp://new.example:2', worker1: 'w.1', passwd1: 'x', pool2: '' },
    ],
  ])('carries out %o under a token', async (order, write) => {
    const site = await whatsminer();
    expect(await carryOut(site, order)).toMatchObject({ outcome: { kind: 'done' }, back: { seen: true } });
    expect(site.miner.writes).toEqual([
      expect.objectContaining({ ...write, token: md5Crypt('x5JSSQzqF0lEACIGSL0Ld11234', 'abcdefgh') }),
    ]);
  });

  it('snapshots what a write is about to change', async () => {
    const { before } = await carryOut(await whatsminer(), { type: 'POWER_LIMIT', params: { limitW: 2_800 } });
    expect(before.settings).toMatchObject({
      powerLimitW: 3_600,
      mode: 'normal',
      pools: [{ url: 'stratum+tcp://old.example:1', user: 'w.1' }],
    });
  });

  it('takes a new token once when the miner refuses the old, and keeps a good one', async () => {
    const site = await whatsminer();
    site.miner.refuseTokens = 1;
    expect(await carryOut(site, { type: 'LED', params: { on: true } })).toMatchObject({
      outcome: { kind: 'done' },
    });
    await carryOut(site, { type: 'LED', params: { on: true } });
    expect(site.miner.tokens).toBe(2);
    site.miner.refuseTokens = 9;
    expect(await carryOut(site, { type: 'LED', params: { on: true } })).toMatchObject({
      outcome: { kind: 'refused', detail: expect.stringContaining('135') },
    });
  });

  it('tells a refusal from a lost answer', async () => {
    const site = await whatsminer();
    site.miner.code = 45;
    expect(await carryOut(site, { type: 'LED', params: { on: true } })).toMatchObject({
      outcome: { kind: 'refused' },
      back: { seen: false },
    });
    site.miner.code = 131;
    site.miner.answerWrites = false;
    expect(await carryOut(site, { type: 'HASHING_DISABLE', params: {} })).toMatchObject({
      outcome: { kind: 'lost' },
      back: { seen: true },
    });
  });

  it.each([
    [true, 'not'],
    [false, 'not'],
    [true, 'named'],
    [false, 'named'],
    [false, 'bare'],
  ] as const)('reads the same joined (%s) or wrapped (%s)', async (joins, wraps) => {
    const { miner, adapter, peer } = await whatsminer();
    Object.assign(miner, { joins, wraps });
    const { reading } = await adapter.read('full');
    expect(reading).toMatchObject({
      state: 'hashing',
      mode: 'normal',
      errorCodes: [],
      values: {
        hashrateThs: 124.5,
        powerW: 3_200,
        board1HashrateThs: 41.5,
        board1Chips: 135,
        acceptedShares: 3,
        poolsAlive: 1,
      },
    });
    expect(reading.values).not.toHaveProperty('chipTempC');
    const connections = peer.requests.length;
    await adapter.read('full');
    expect(peer.requests.length - connections).toBe(joins ? 3 : 5);
  });

  it.each([true, false])(
    'is asked for its boards as edevs where it knows no devs, joined (%s)',
    async (joins) => {
      const { miner, adapter, peer } = await whatsminer();
      Object.assign(miner, { joins, unknown: 'devs' });
      // 41 500 000 MH/s are 41.5 TH/s.
      const boards = { values: { board1HashrateThs: 41.5, board1Chips: 135 } };
      expect((await adapter.read('core')).reading).toMatchObject(boards);
      const connections = peer.requests.length;
      expect((await adapter.read('core')).reading).toMatchObject(boards);
      expect(peer.requests.slice(connections)).toEqual(
        joins ? ['{"cmd":"summary+edevs"}'] : ['{"cmd":"summary"}', '{"cmd":"edevs"}'],
      );
    },
  );

  it('is stopped, not idle, after power_off', async () => {
    const site = await whatsminer();
    site.miner.off = true;
    expect((await site.adapter.read('core')).reading).toMatchObject({ state: 'stopped' });
  });

  it('cannot set fans or megahertz, nor sleep as a mode, and says why', () => {
    const identity = {
      vendor: 'whatsminer',
      model: 'Whatsminer M50',
      firmware: 'x',
      apiVersion: '2.0.5',
    } as const;
    expect(whyUnsupported(identity, { type: 'SET_FAN', params: { dutyPct: 50 } })?.en).toMatch(/fans/);
    expect(whyUnsupported(identity, { type: 'FREQUENCY_SET', params: { frequencyMhz: 600 } })?.en).toMatch(
      /percent/,
    );
    expect(whyUnsupported(identity, { type: 'POWER_MODE', params: { mode: 'sleep' } })?.en).toMatch(
      /HASHING_DISABLE/,
    );
    expect(whyUnsupported(identity, { type: 'POWER_MODE', params: { mode: 'high' } })).toBeUndefined();
    expect(
      whyUnsupported({ ...identity, apiVersion: '3.0.1' }, { type: 'LED', params: { on: true } })?.en,
    ).toBeUndefined();
    expect(
      whyUnsupported({ ...identity, vendor: 'antminer' }, { type: 'POWER_LIMIT', params: { limitW: 3_000 } })
        ?.en,
    ).toMatch(/watts/);
  });
});

describe('parsers of answers', () => {
  it('make a valid reading of any object, or nothing, and never throw', () => {
    const names = [
      'SUMMARY',
      'DEVS',
      'Msg',
      'error_code',
      'HS RT',
      'Power',
      'Chip Temp Max',
      'Slot',
      'mineroff',
      'Elapsed',
      'Fan Speed In',
    ];
    const { tree } = fc.letrec((tie) => ({
      leaf: fc.oneof(
        fc.double(),
        fc.string(),
        fc.constant(null),
        fc.boolean(),
        fc.constantFrom('1e999', '-5 W', '3,250', '1e400'),
      ),
      tree: fc.oneof(
        { maxDepth: 4 },
        tie('leaf'),
        fc.array(tie('tree'), { maxLength: 3 }),
        fc.dictionary(fc.constantFrom(...names), tie('tree')),
      ),
    }));
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...names), tree), (answer) => {
        const values = { ...parseDevs(answer), ...parseSummary(answer).values };
        const errorCodes = parseErrorCodes(answer);
        parseStatus(answer);
        minerReading.parse({
          minerId: 'm',
          sampledAtMs: 1,
          state: 'idle',
          ...(errorCodes && { errorCodes }),
          values,
        });
      }),
      { numRuns: 2_000 },
    );
  });
});
