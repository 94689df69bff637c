import { describe, expect, it } from 'vitest';
import type { Vendor } from '../../contracts/capabilities/firmware-table.ts';
import { Semaphore } from '../io/semaphore.ts';
import { capture, dataPath } from '../test-kit/captures.ts';
import { tcpPeer } from '../test-kit/tcp-peer.ts';
import { webPeer } from '../test-kit/web-peer.ts';
import { adapterFor } from './adapter-for.ts';
import { minerIo } from './miner-io.ts';
import { parsePools } from './parse-pools.ts';
import { isLedSet, parseErrorCodes, parseStatus } from './whatsminer/parse-answers.ts';

const antminer = dataPath('captures', 'antminer', 'v2020');
const whatsminer = dataPath('captures', 'whatsminer', 'v2');
const nowMs = () => 1_773_871_985_000;

/** Serves the recorded answers as the miner would: one a connection, ended by NUL. */
const recorded = async (
  vendor: Vendor,
  folder: string,
  commandOf: (request: unknown) => string,
  http = 1,
) => {
  const peer = await tcpPeer((request, socket) => {
    const name = commandOf(JSON.parse(request));
    try {
      socket.end(`${JSON.stringify(capture(folder, name))}\0`);
    } catch {
      socket.end('{"STATUS":"E","When":1,"Code":14,"Msg":"invalid cmd","Description":""}\0');
    }
  });
  const address = {
    minerId: 'm-1',
    host: '127.0.0.1',
    rpcPort: peer.port,
    httpPort: http,
    username: 'root',
    password: 'root',
  };
  const io = minerIo(address, { connectMs: 1_000, exchangeMs: 2_000, maxBytes: 100_000 }, new Semaphore(4));
  return { peer, adapter: adapterFor(vendor, address, io, nowMs) };
};
const word = (key: 'command' | 'cmd') => (request: unknown) =>
  typeof request === 'object' && request !== null && key in request ? String(Reflect.get(request, key)) : '';

describe.skipIf(!antminer)('recorded answers of an Antminer S19 Pro', () => {
  it('read as its figures', async () => {
    const { peer, adapter } = await recorded('antminer', antminer ?? '', word('command'));
    expect(await adapter.identify()).toEqual({
      vendor: 'antminer',
      model: 'Antminer S19 Pro',
      firmware: '49.0.1.3',
      apiVersion: '3.1',
    });
    expect(await adapter.read('full')).toEqual({
      reading: {
        minerId: 'm-1',
        sampledAtMs: nowMs(),
        state: 'hashing',
        values: {
          hashrateThs: expect.closeTo(110.56689, 9),
          expectedHashrateThs: expect.closeTo(110, 9),
          boardTempC: 73,
          chipTempC: 78,
          fan1Rpm: 6000,
          fan2Rpm: 5880,
          fan3Rpm: 5040,
          fan4Rpm: 5040,
          frequencyMhz: 525,
          board1HashrateThs: expect.closeTo(37.6033, 9),
          board2HashrateThs: expect.closeTo(35.53622, 9),
          board3HashrateThs: expect.closeTo(37.42738, 9),
          board1ChipTempC: 78,
          board2ChipTempC: 71,
          board3ChipTempC: 69,
          board1Chips: 114,
          board2Chips: 114,
          board3Chips: 114,
          hardwareErrors: 562,
          uptimeS: 50474,
          acceptedShares: 4057,
          rejectedShares: 11,
          staleShares: 1,
          poolsAlive: 3,
          activePool: 0,
        },
      },
    });
    await peer.close();
  });

  it('names the model from the web interface where the RPC does not', async () => {
    const web = await webPeer({
      'GET /cgi-bin/get_system_info.cgi': (_, response) =>
        response.end(JSON.stringify(capture(antminer ?? '', 'system_info'))),
    });
    const { peer, adapter } = await recorded('antminer', antminer ?? '', () => 'version', web.port);
    await peer.close();
    const bare = await tcpPeer((_, socket) => socket.end('{"VERSION":[{"API":"3.1"}],"id":1}\0'));
    const address = {
      minerId: 'm-1',
      host: '127.0.0.1',
      rpcPort: bare.port,
      httpPort: web.port,
      username: 'root',
      password: 'root',
    };
    const io = minerIo(address, { connectMs: 1_000, exchangeMs: 2_000, maxBytes: 100_000 }, new Semaphore(4));
    expect(await adapterFor('antminer', address, io, nowMs).identify()).toMatchObject({
      model: 'Antminer S21',
      firmware: 'FR-1.12(251009-S21)',
    });
    expect(adapter).toBeDefined();
    await Promise.all([bare.close(), web.close()]);
  });

  it('counts the same shares in summary and pools, and takes the all-zero devs for no board', () => {
    const summary = capture(antminer ?? '', 'summary').SUMMARY;
    expect(summary).toEqual([expect.objectContaining({ Accepted: 4057, Rejected: 11, Stale: 1 })]);
    expect(parsePools(capture(antminer ?? '', 'pools')).pools).toHaveLength(3);
    expect(capture(antminer ?? '', 'devs').DEVS).toEqual([expect.objectContaining({ 'MHS av': 0 })]);
  });
});

describe.skipIf(!whatsminer)('recorded answers of a Whatsminer with API 2.0.5', () => {
  it('read as its figures', async () => {
    const { peer, adapter } = await recorded('whatsminer', whatsminer ?? '', word('cmd'));
    expect(await adapter.identify()).toEqual({
      vendor: 'whatsminer',
      model: 'Whatsminer',
      firmware: '20230803.11.REL',
      apiVersion: '2.0.5',
      macAddress: '02:00:00:12:34:56',
      hostname: 'WhatsMiner',
    });
    expect(await adapter.read('full')).toEqual({
      reading: {
        minerId: 'm-1',
        sampledAtMs: nowMs(),
        state: 'hashing',
        mode: 'normal',
        errorCodes: [],
        values: {
          hashrateThs: expect.closeTo(124.5, 9),
          expectedHashrateThs: 126,
          powerW: 3200,
          powerLimitW: 3300,
          inletTempC: 28.5,
          boardTempC: 67,
          chipTempC: 81,
          fan1Rpm: 5400,
          fan2Rpm: 5280,
          frequencyMhz: 600,
          board1HashrateThs: expect.closeTo(41.5, 9),
          board2HashrateThs: expect.closeTo(41.8, 9),
          board3HashrateThs: expect.closeTo(41.7, 9),
          board1ChipTempC: 80,
          board2ChipTempC: 81,
          board3ChipTempC: 81,
          board1Chips: 135,
          board2Chips: 135,
          board3Chips: 135,
          acceptedShares: 5412,
          rejectedShares: 0,
          uptimeS: 25000,
          poolsAlive: 3,
          activePool: 0,
        },
      },
    });
    await peer.close();
  });

  it('gives error codes, status, pools and lights as recorded', () => {
    expect(parseErrorCodes(capture(whatsminer ?? '', 'get_error_code_with_errors'))).toEqual(['218', '110']);
    expect(parseStatus(capture(whatsminer ?? '', 'status'))).toEqual({
      off: false,
      mode: 'low',
      powerLimitW: 3600,
    });
    expect(parsePools(capture(whatsminer ?? '', 'pools')).pools[1]).toEqual({
      url: 'stratum+tcp://btc2.example.pool:3333',
      user: 'asic-rs.test',
    });
    expect(isLedSet(capture(whatsminer ?? '', 'get_miner_info'))).toBe(false);
    expect(capture(whatsminer ?? '', 'get_psu')).toMatchObject({ Msg: { model: 'P222B' } });
  });
});
