import { onTestFinished } from 'vitest';
import { epicAdapter } from '../adapters/epic/epic-adapter.ts';
import { fieldsOf } from '../adapters/values.ts';
import { ioAt } from './io-at.ts';
import { jsonOf, type PlainAnswer, plainPeer } from './plain-peer.ts';

/** A machine under PowerPlay-BMS written by hand, which can be tuned to watts too. */
export const epicPeer = async () => {
  const miner = {
    state: 'Mining',
    uptimeS: 3_000,
    fan: { Auto: { 'Target Temperature': 63, 'Idle Speed': 25 } } as object,
    light: false,
    tuning: true,
    algorithm: { name: 'VoltageOptimizer', target: 143, min: 50, step: 5, unit: 'TH/s' },
    clock: 485,
    coin: { stratum_configs: [{ pool: 'stratum+tcp://old.example:1', login: 'o', password: 'p' }] } as object,
    writes: [] as string[],
    /** What it answers under further paths, as text. */
    pages: {} as Record<string, string>,
    answer: 'obey' as 'obey' | 'hang-up' | 'silence',
  };
  const summary = () => ({
    Status: { 'Operating State': miner.state, 'Last Error': null },
    HBs: [{ Index: 0, Hashrate: [miner.state === 'Mining' ? 47e6 : 0, 100, 0], Temperature: 60 }],
    Fans: { 'Fan Mode': miner.fan, 'Fans Speed': 70 },
    Misc: { 'Locate Miner State': miner.light },
    Session: { Uptime: miner.uptimeS },
    Mining: { Coin: 'BTC' },
    Stratum: { 'Worker Unique Id': true, IsPoolConnected: true, 'Config Id': 0 },
    StratumConfigs: fieldsOf(miner.coin).stratum_configs,
    HwConfig: { 'Boards Target Clock': [{ Index: 0, Data: miner.clock }] },
    PerpetualTune: {
      Running: miner.tuning,
      Algorithm: {
        [miner.algorithm.name]: {
          Target: miner.algorithm.target,
          'Min Throttle Target': miner.algorithm.min,
          'Throttle Step': miner.algorithm.step,
          Unit: miner.algorithm.unit,
        },
      },
    },
  });
  const capabilities = {
    Model: 'AntMiner S19 XP',
    'Temp Sensor Info': { Type: 'Chip' },
    PerpetualTune: [
      { algorithm: 'VoltageOptimizer', min: 60, max: 300 },
      { algorithm: 'PowerTune', min: 1_500, max: 3_500 },
    ],
  };
  const obey = (path: string, param: unknown) => {
    const fields = fieldsOf(param);
    if (path === 'miner') miner.state = param === 'Stop' ? 'Idling' : 'Mining';
    if (path === 'fanspeed') miner.fan = fields;
    if (path === 'identify') miner.light = param === true;
    if (path === 'coin') miner.coin = fields;
    if (path === 'perpetualtune') miner.tuning = param === true;
    if (path === 'tune/clock/all') miner.clock = Number(param);
    if (path === 'perpetualtune/algo')
      miner.algorithm = {
        name: String(fields.algo),
        target: Number(fields.target),
        min: Number(fields.min_throttle),
        step: Number(fields.throttle_step),
        unit: fields.algo === 'PowerTune' ? 'W' : 'TH/s',
      };
  };
  const peer = await plainPeer((request): PlainAnswer => {
    const path = request.path.slice(1);
    if (path === 'summary') return { json: summary() };
    if (path === 'capabilities') return { json: capabilities };
    const text = miner.pages[path];
    if (request.method === 'GET') return text === undefined ? { status: 404 } : { text };
    const { param, password } = fieldsOf(jsonOf(request));
    if (password !== 'secret') return { json: { result: false, error: 'Invalid password' } };
    if (path === 'tune/clock/all' && miner.tuning) return { json: { result: false, error: 'tuning' } };
    miner.writes.push(`${path} ${JSON.stringify(param)}`);
    obey(path, param);
    return miner.answer === 'obey' ? { json: { result: true, error: null } } : miner.answer;
  });
  onTestFinished(() => peer.close());
  const adapter = (password = 'secret') =>
    epicAdapter({ minerId: 'm-1', io: ioAt({ httpPort: peer.port }, 300), password, nowMs: Date.now });
  return { miner, adapter };
};
