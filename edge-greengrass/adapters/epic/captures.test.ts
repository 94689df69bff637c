import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { dataPath } from '../../test-kit/captures.ts';
import { ioAt } from '../../test-kit/io-at.ts';
import { plainPeer } from '../../test-kit/plain-peer.ts';
import { fieldsOf } from '../values.ts';
import { epicAdapter } from './epic-adapter.ts';

const folder = dataPath('captures', 'epic', 'v1');
/** An S19 XP under PowerPlay-BMS 1.5.13 with one board switched off and one fan that stands, as recorded. */
const recorded = () =>
  plainPeer(({ path }) => ({
    text: readFileSync(join(folder ?? '', `${files[path.slice(1)] ?? path.slice(1)}.json`), 'utf8'),
  }));
/** Pages that are kept under other names. */
const files: Readonly<Record<string, string>> = { hashrate: 'chip_hashrates', 'temps/chip': 'chip_temps' };

/** Expected values are worked out by hand from the recorded answers. */
describe.skipIf(!folder)('a recorded S19 XP under ePIC', () => {
  it('tells all that the answers hold', async () => {
    const peer = await recorded();
    const adapter = epicAdapter({
      minerId: 'm-1',
      io: ioAt({ httpPort: peer.port }),
      password: '',
      nowMs: () => 5,
    });
    const { reading, fault } = await adapter.read('full');
    expect(fault).toBeUndefined();
    expect(reading).toMatchObject({ state: 'hashing', errorCodes: [], sampledAtMs: 5 });
    expect(reading.values).toEqual({
      // 49.440724 + 49.925124
      hashrateThs: expect.closeTo(99.365848, 9),
      // 49.440724 / 1.031 + 49.925124 / 1.041
      expectedHashrateThs: expect.closeTo(47.954145 + 47.958813, 4),
      powerW: expect.closeTo(2_166.6174, 6),
      boardTempC: 67,
      board2HashrateThs: expect.closeTo(49.440724, 9),
      board3HashrateThs: expect.closeTo(49.925124, 9),
      // `/hashrate` lists 110 chips under Index 1 and 2; all of `/temps/chip` are 0, so that no chip tells its temperature.
      board2Chips: 110,
      board3Chips: 110,
      fan1Rpm: 5_971,
      fan2Rpm: 0,
      fan3Rpm: 5_942,
      fan4Rpm: 5_745,
      fanDutyPct: 100,
      frequencyMhz: 487.5,
      voltageV: 12.595,
      acceptedShares: 1_862,
      rejectedShares: 2,
      uptimeS: 23_170,
      poolsAlive: 1,
      activePool: 0,
    });
    // Chips are for full reads; and where they told no temperature once, they are not asked again.
    expect(peer.seen).toEqual(['GET /summary', 'GET /capabilities', 'GET /hashrate', 'GET /temps/chip']);
    await adapter.read('core');
    await adapter.read('full');
    expect(peer.seen.slice(4)).toEqual(['GET /summary', 'GET /summary', 'GET /hashrate']);
    await peer.close();
  });

  it('says who it is and how it is tuned; this one cannot be limited in watts', async () => {
    const peer = await recorded();
    const adapter = epicAdapter({
      minerId: 'm-1',
      io: ioAt({ httpPort: peer.port }),
      password: '',
      nowMs: Date.now,
    });
    expect(await adapter.identify()).toEqual({
      vendor: 'epic',
      model: 'AntMiner S19 XP',
      firmware: 'PowerPlay-BMS v1.5.13',
      apiVersion: 'v1',
      macAddress: '02:00:00:12:34:56',
      serialNumber: '002000353232510933363631',
      hostname: 'cminer32092035',
    });
    const order = { type: 'POWER_LIMIT', params: { limitW: 2_000 } } as const;
    const before = await adapter.snapshot(order);
    expect(fieldsOf(before.settings)).toMatchObject({
      tuning: { algorithm: 'VoltageOptimizer', target: 143, minThrottle: 50, throttleStep: 5 },
      pools: [{ url: 'stratum+tcp://mine.ocean.xyz:3334', user: 'example.worker', password: 'password' }],
      fan: 'auto',
      led: false,
    });
    expect(await adapter.execute(order, before)).toEqual({
      kind: 'refused',
      detail: 'this machine has no tuning to a limit of power',
    });
    expect(peer.seen.filter((line) => line.startsWith('POST'))).toEqual([]);
    await peer.close();
  });
});
