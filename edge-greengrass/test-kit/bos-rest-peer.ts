import { onTestFinished } from 'vitest';
import { braiinsAdapter } from '../adapters/braiins/braiins-adapter.ts';
import { ioAt } from './io-at.ts';
import { jsonOf, type PlainAnswer, plainPeer } from './plain-peer.ts';

/** A miner under Braiins OS with the REST API, written by hand: every page but the version needs a token. */
export const restPeer = async () => {
  const miner = {
    rest: true,
    status: 2,
    token: '',
    logins: 0,
    tuner: { enabled: true, tuner_mode: 2, hashrate_target: { terahash_per_second: 90 } } as object,
    writes: [] as string[],
    answer: 'obey' as 'obey' | 'hang-up' | 'refuse',
  };
  const pages: Record<string, () => unknown> = {
    'miner/details': () => ({
      status: miner.status,
      system_uptime_s: 900,
      mac_address: '02:00:00:00:00:07',
      serial_number: 'SN7',
      hostname: 'rig7',
      miner_identity: { miner_model: 'Antminer S19 XP' },
      bos_version: { current: '25.11-plus' },
    }),
    'miner/stats': () => ({
      miner_stats: { real_hashrate: { last_5s: { gigahash_per_second: miner.status === 2 ? 120_000 : 0 } } },
    }),
    'miner/hw/hashboards': () => ({ hashboards: [] }),
    'cooling/state': () => ({ fans: [{ position: 0, rpm: 5_000, target_speed_ratio: 0.7 }] }),
    'configuration/miner': () => ({
      tuner: miner.tuner,
      temperature: { auto: { target_temperature: { degree_c: 60 } } },
    }),
    'pools/': () => [{ pools: [{ url: 'stratum+tcp://a.example:1', user: 'u', alive: true, active: true }] }],
    'miner/errors': () => ({ errors: [] }),
    'actions/locate': () => false,
  };
  const write = (path: string, body: unknown) => {
    miner.writes.push(`${path} ${JSON.stringify(body)}`);
    if (path === 'actions/pause') miner.status = 3;
    if (path === 'actions/resume' || path === 'actions/start') miner.status = 2;
    if (path === 'performance/power-target')
      miner.tuner = { enabled: true, tuner_mode: 1, power_target: body };
    if (path === 'performance/hashrate-target')
      miner.tuner = { enabled: true, tuner_mode: 2, hashrate_target: body };
  };
  const peer = await plainPeer((request): PlainAnswer => {
    const { method, headers } = request;
    const path = request.path.replace('/api/v1/', '');
    if (!miner.rest) return { status: 404 };
    if (path === 'version/') return { json: { major: 1, minor: 1, patch: 0 } };
    if (path === 'auth/login') {
      miner.logins++;
      const login = JSON.stringify(jsonOf(request)) === '{"username":"root","password":"secret"}';
      miner.token = `t${miner.logins}`;
      return login ? { json: { token: miner.token, timeout_s: 3_600 } } : { status: 401 };
    }
    if (miner.token === '' || headers.authorization !== miner.token) return { status: 401 };
    const page = pages[path];
    if (method === 'GET') return page ? { text: JSON.stringify(page()) } : { status: 404 };
    if (miner.answer === 'refuse') return { status: 400 };
    write(path, jsonOf(request));
    return miner.answer === 'hang-up' ? 'hang-up' : { status: 204 };
  });
  onTestFinished(() => peer.close());
  const adapter = (password = 'secret') =>
    braiinsAdapter({
      minerId: 'm-1',
      io: ioAt({ httpPort: peer.port }),
      username: 'root',
      password,
      nowMs: Date.now,
    });
  return { miner, peer, adapter };
};
