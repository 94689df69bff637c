import { onTestFinished } from 'vitest';
import { fieldsOf } from '../adapters/values.ts';
import { vnishAdapter } from '../adapters/vnish/vnish-adapter.ts';
import { ioAt } from './io-at.ts';
import { jsonOf, type PlainAnswer, plainPeer } from './plain-peer.ts';

/** A VNish machine written by hand: settings merge, most of them want the mining restarted. */
export const vnishPeer = async () => {
  const miner = {
    token: '',
    unlocks: 0,
    state: 'mining',
    light: false,
    uptime: '1 day, 2:03',
    settings: {
      pools: [{ url: 'old.example:3333', user: 'u', pass: 'p', order: 0 }],
      cooling: { mode: { name: 'auto', param: 58 } },
      overclock: {
        modded_psu: false,
        preset: 'disabled',
        globals: { freq: 600, volt: 13_700 },
        chains: [{ freq: 0 }],
      },
    } as Record<string, unknown>,
    needs: { restart_required: true, reboot_required: false },
    writes: [] as string[],
    hangUp: false,
  };
  const cooling = () => ({ fan_duty: 60, settings: fieldsOf(miner.settings).cooling });
  const pages: Record<string, () => unknown> = {
    info: () => ({
      miner: 'Antminer S19',
      fw_name: 'Vnish',
      fw_version: '1.2.6',
      serial: 'N/A',
      hr_measure: 'GH/s',
      system: { uptime: miner.uptime, network_status: { mac: '02:00:00:00:00:09', hostname: 'rig9' } },
    }),
    status: () => ({ miner_state: miner.state, failure_code: 0, find_miner: miner.light }),
    summary: () => ({ miner: { hr_realtime: miner.state === 'mining' ? 95_000 : 0, cooling: cooling() } }),
    settings: () => ({ miner: miner.settings }),
    'autotune/presets': () => ['disabled', '2400', '2950', '3300'].map((name) => ({ name, status: 'tuned' })),
  };
  const peer = await plainPeer((request): PlainAnswer => {
    const path = request.path.replace('/api/v1/', '');
    const body = fieldsOf(jsonOf(request));
    if (path === 'unlock') {
      miner.unlocks++;
      if (body.pw !== 'secret') return { status: 403, json: { err: 'Invalid password' } };
      miner.token = `t${miner.unlocks}`;
      return { json: { token: miner.token } };
    }
    if (path === 'info') return { json: pages.info?.() };
    if (miner.token === '' || request.headers.authorization !== `Bearer ${miner.token}`)
      return { status: 401, json: { err: 'Unauthorized' } };
    const page = pages[path];
    if (request.method === 'GET') return page ? { json: page() } : { status: 404 };
    miner.writes.push(`${path} ${JSON.stringify(jsonOf(request) ?? '')}`);
    if (path === 'settings') miner.settings = { ...miner.settings, ...fieldsOf(body.miner) };
    if (path === 'mining/stop') miner.state = 'stopped';
    if (path === 'mining/start' || path === 'mining/restart') miner.state = 'mining';
    if (path === 'find-miner') miner.light = !miner.light;
    if (miner.hangUp) return 'hang-up';
    return { json: path === 'settings' ? miner.needs : {} };
  });
  onTestFinished(() => peer.close());
  const clock = { nowMs: 1_000_000_000 };
  const adapter = (password = 'secret') =>
    vnishAdapter({ minerId: 'm-1', io: ioAt({ httpPort: peer.port }), password, nowMs: () => clock.nowMs });
  return { miner, clock, adapter };
};
