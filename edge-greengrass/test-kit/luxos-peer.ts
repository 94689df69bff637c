import { onTestFinished } from 'vitest';
import { luxosAdapter } from '../adapters/luxos/luxos-adapter.ts';
import { ioAt } from './io-at.ts';
import { tcpPeer } from './tcp-peer.ts';

type Pool = { POOL: number; URL: string; User: string; Priority: number; Status: string };
const poolAt = (id: number, host: string): Pool => ({
  POOL: id,
  URL: `stratum+tcp://${host}.example:1`,
  User: 'u',
  Priority: id,
  Status: 'Alive',
});

/** A LuxOS machine written by hand, with its only session. */
export const luxPeer = async () => {
  const miner = {
    session: '',
    sessions: 0,
    asleep: false,
    elapsedS: 4_000,
    profile: 'default',
    fan: -1,
    red: 'auto',
    pools: [poolAt(0, 'a'), poolAt(1, 'b')],
    nextPool: 2,
    log: [] as string[],
    /** Commands that are carried out and never answered, and those that are answered with an error. */
    lost: [] as string[],
    failing: [] as string[],
  };
  const ok = (rest: object = {}) => ({ STATUS: [{ STATUS: 'S', Code: 1, Msg: 'fine' }], ...rest });
  const no = (Msg: string) => ({ STATUS: [{ STATUS: 'E', Code: 402, Msg }] });
  const reads: Record<string, () => object> = {
    version: () => ({ VERSION: [{ API: '3.7', LUXminer: '2025.4.8', Type: 'Antminer S19k Pro' }] }),
    stats: () => ({ STATS: [{}, { Elapsed: miner.elapsedS, 'GHS 5s': miner.asleep ? 0 : 120_000 }] }),
    power: () => ({ POWER: [{ Watts: 2_700 }] }),
    config: () => ({
      CONFIG: [{ CurtailMode: miner.asleep ? 'Sleep' : 'None', Profile: miner.profile, RedLed: miner.red }],
    }),
    fans: () => ({ FANS: [{ ID: 0, Speed: miner.fan === -1 ? 55 : miner.fan }] }),
    tempctrl: () => ({ TEMPCTRL: [{ Mode: miner.fan === -1 ? 'Automatic' : 'Manual' }] }),
    pools: () => ({ POOLS: miner.pools }),
    events: () => ({ EVENTS: [] }),
    profiles: () => ({
      PROFILES: [
        { 'Profile Name': 'low', Frequency: 400, Watts: 1_700, Hashrate: 81 },
        { 'Profile Name': 'default', Frequency: 590, Watts: 2_790, Hashrate: 121 },
        { 'Profile Name': 'mid', Frequency: 490, Watts: 2_190, Hashrate: 101 },
      ],
    }),
  };
  const write = (command: string, parts: readonly string[]): object => {
    const [one = '', two] = parts;
    if (command === 'curtail') miner.asleep = one === 'sleep';
    else if (command === 'rebootdevice') miner.elapsedS = 1;
    else if (command === 'fanset') miner.fan = Number(one.split('=')[1]);
    else if (command === 'ledset') miner.red = two ?? '';
    else if (command === 'profileset') miner.profile = one;
    return ok();
  };
  const answer = (command: string, parameter: string): object => {
    const parts = parameter.split(',');
    if (reads[command]) return ok(reads[command]());
    if (command === 'voltageget' || command === 'temps') return no('invalid command');
    miner.log.push(parameter === '' ? command : `${command} ${parameter}`);
    if (miner.failing.includes(command)) return no(`${command} failed`);
    if (command === 'logon') {
      if (miner.session !== '') return no('Another session is active');
      miner.session = `s${++miner.sessions}`;
      return ok({ SESSION: [{ SessionID: miner.session }] });
    }
    if (command === 'addpool') {
      const [URL = '', User = ''] = parts;
      const id = miner.nextPool++;
      miner.pools.push({ POOL: id, URL, User, Priority: id, Status: 'Alive' });
      return ok();
    }
    if (command === 'removepool') {
      miner.pools = miner.pools.filter((pool) => pool.POOL !== Number(parameter));
      return ok();
    }
    if (command === 'switchpool') return ok();
    const [id, ...rest] = parts;
    if (miner.session === '' || id !== miner.session) return no('No session');
    if (command !== 'logoff') return write(command, rest);
    miner.session = '';
    return ok();
  };
  const peer = await tcpPeer((request, socket) => {
    const { command, parameter = '' } = JSON.parse(request) as { command: string; parameter?: string };
    const said = `${JSON.stringify(answer(command, parameter))}\0`;
    if (miner.lost.includes(command)) socket.destroy();
    else socket.end(said);
  });
  onTestFinished(() => peer.close());
  return {
    miner,
    adapter: luxosAdapter({ minerId: 'm-1', io: ioAt({ rpcPort: peer.port }), nowMs: Date.now }),
  };
};
