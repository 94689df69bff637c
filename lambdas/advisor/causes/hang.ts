import type { Cause } from '../diagnosis-input.ts';
import { compare, say, show, test } from './figures.ts';

/** It answers, but does not work: no hashrate, frozen counters, little power. */
export const hang: Cause = {
  code: 'hang',
  name: say('The miner hangs', '矿机卡死'),
  prior: { hashrate_drop: 0.1, power_anomaly: 0.1, offline: 0.02 },
  signs: (s) => [
    {
      holds: s.reachable ? test(s.hashrateThs, (own) => own <= s.ratedThs * 0.02) : undefined,
      weight: 0.3,
      against: 0.5,
      evidence: say(
        `It answers, but hashes at ${show(s.hashrateThs, 1)} TH/s`,
        `矿机有应答，但算力为 ${show(s.hashrateThs, 1)} TH/s`,
      ),
    },
    {
      holds: s.countersFrozen,
      weight: 0.25,
      against: 0.2,
      evidence: say(
        `Its share counter stands still at ${show(s.now?.values.acceptedShares)}`,
        `份额计数停滞在 ${show(s.now?.values.acceptedShares)}`,
      ),
    },
    {
      holds: compare(s.powerW, s.peers.powerW, (own, peers) => own <= peers * 0.4),
      weight: 0.15,
      evidence: say(
        `Power ${show(s.powerW)} W against ${show(s.peers.powerW)} W of its peers`,
        `功率 ${show(s.powerW)} W，同类 ${show(s.peers.powerW)} W`,
      ),
    },
    {
      holds: s.reachable
        ? s.now?.state === 'hashing' || s.now?.state === 'idle' || s.now?.state === 'fault'
        : undefined,
      weight: 0.1,
      against: 0.4,
      evidence: say('Nobody stopped it', '并非人为停机'),
    },
    {
      holds: compare(s.peers.hashrateThs, s.ratedThs, (peers, rated) => peers >= rated * 0.5),
      weight: 0.05,
      evidence: say(
        `${s.peers.count} peers hash (median ${show(s.peers.hashrateThs, 1)} TH/s)`,
        `${s.peers.count} 台同类正常 (中位数 ${show(s.peers.hashrateThs, 1)} TH/s)`,
      ),
    },
  ],
  action: () => ({ type: 'reboot', description: say('Restart the miner', '重启矿机') }),
};
