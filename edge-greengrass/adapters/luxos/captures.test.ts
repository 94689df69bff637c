import { describe, expect, it } from 'vitest';
import { capture, dataPath } from '../../test-kit/captures.ts';
import { ioAt } from '../../test-kit/io-at.ts';
import { tcpPeer } from '../../test-kit/tcp-peer.ts';
import { luxosAdapter } from './luxos-adapter.ts';

const folder = dataPath('captures', 'luxos', 'v1');
/** An S19k Pro under LuxOS 2025.4.8, as recorded. */
const recorded = () =>
  tcpPeer((request, socket) => {
    const { command, parameter } = JSON.parse(request) as { command: string; parameter?: string };
    const name = parameter === undefined ? command : `${command}_${parameter}`;
    const said =
      command === 'tempctrl'
        ? { STATUS: [{ STATUS: 'S' }], TEMPCTRL: [{ Mode: 'Automatic' }] }
        : capture(folder ?? '', name);
    socket.end(`${JSON.stringify(said)}\0`);
  });

/** Expected values are worked out by hand from the recorded answers. */
describe.skipIf(!folder)('a recorded S19k Pro under LuxOS', () => {
  it('tells all that the answers hold, in as few as two for detection', async () => {
    const peer = await recorded();
    const adapter = luxosAdapter({
      minerId: 'm-1',
      io: ioAt({ rpcPort: peer.port }),
      nowMs: () => 1_775_756_069_000,
    });
    const core = await adapter.read('core');
    expect(peer.requests).toHaveLength(2);
    expect(core.reading).toMatchObject({ state: 'hashing', values: { powerW: 1_051, boardTempC: 47 } });
    const { reading, fault } = await adapter.read('full');
    expect(fault).toBeUndefined();
    expect(reading.errorCodes).toEqual(['NOPIC_PROTECTION', 'REBOOT_NOT_HASHING']);
    const { values } = reading;
    expect(values).toEqual({
      hashrateThs: expect.closeTo(59.75606, 9),
      expectedHashrateThs: expect.closeTo(61.9542, 9),
      powerW: 1_051,
      inletTempC: 33,
      boardTempC: 47,
      board1HashrateThs: expect.closeTo(18.91028, 9),
      board2HashrateThs: expect.closeTo(18.93995, 9),
      board3HashrateThs: expect.closeTo(19.06767, 9),
      board1Chips: 77,
      board2Chips: 77,
      board3Chips: 77,
      fan1Rpm: 1_920,
      fan2Rpm: 1_920,
      fan3Rpm: 2_340,
      fan4Rpm: 2_340,
      fanDutyPct: 20,
      frequencyMhz: 300,
      voltageV: 11.88,
      hardwareErrors: 0,
      uptimeS: 3_453,
      acceptedShares: 1_483,
      rejectedShares: 1,
      staleShares: 0,
      poolsAlive: 2,
      activePool: 0,
    });
    await peer.close();
  });

  it('says who it is, and what a limit would choose', async () => {
    const peer = await recorded();
    const adapter = luxosAdapter({ minerId: 'm-1', io: ioAt({ rpcPort: peer.port }), nowMs: Date.now });
    expect(await adapter.identify()).toEqual({
      vendor: 'luxos',
      model: 'Antminer S19k Pro',
      firmware: '2025.4.8.220305-57b389c7',
      apiVersion: '3.7',
      macAddress: '02:00:00:12:34:56',
      serialNumber: 'JYZZB0UBDJABF06RB',
      hostname: 'UrlacherS19k',
    });
    const order = { type: 'POWER_LIMIT', params: { limitW: 1_190 } } as const;
    const before = await adapter.snapshot(order);
    expect(before.settings).toMatchObject({ tuning: { profile: '290MHz' }, fan: 'auto', led: false });
    // 1188 W at 290 MHz is the most below 1190 W, and what it has already; 1300 W would be 315 MHz.
    expect(await adapter.readBack(order, before, 0)).toMatchObject({ seen: true });
    const more = { type: 'POWER_LIMIT', params: { limitW: 1_300 } } as const;
    expect(await adapter.readBack(more, before, 0)).toMatchObject({ seen: false });
    await peer.close();
  });
});
