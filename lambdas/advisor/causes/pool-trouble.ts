import type { Cause } from '../diagnosis-input.ts';
import { compare, say, show, test } from './figures.ts';

/** Work is refused or cannot be fetched, while the machine itself is well. */
export const poolTrouble: Cause = {
  code: 'pool_trouble',
  name: say('The pool rejects or cannot be reached', '矿池拒绝或无法连接'),
  prior: { hashrate_drop: 0.1, power_anomaly: 0.03 },
  signs: (s) => [
    {
      holds: test(s.rejectedShare, (share) => share >= 0.05),
      weight: 0.45,
      against: 0.15,
      evidence: say(
        `${show((s.rejectedShare ?? 0) * 100, 1)}% of the recent shares were rejected`,
        `近期份额拒绝率 ${show((s.rejectedShare ?? 0) * 100, 1)}%`,
      ),
    },
    {
      holds: test(s.now?.values.poolsAlive, (alive) => alive === 0),
      weight: 0.5,
      against: 0.1,
      evidence: say('None of its pools is alive', '所有矿池均不可用'),
    },
    {
      holds: compare(s.chipTempC, s.peers.chipTempC, (own, peers) => own <= peers + 3),
      weight: 0.1,
      against: 0.1,
      evidence: say(
        `Temperature is normal (${show(s.chipTempC, 1)} against ${show(s.peers.chipTempC, 1)} °C)`,
        `温度正常 (${show(s.chipTempC, 1)} 对 ${show(s.peers.chipTempC, 1)} °C)`,
      ),
    },
    {
      holds: test(s.lostBoards.length, (lost) => lost === 0),
      weight: 0.05,
      against: 0.3,
      evidence: say('All boards work', '所有算力板均在工作'),
    },
    {
      holds: test(s.peers.poolsDeadShare, (share) => share >= 0.5) || undefined,
      weight: 0.15,
      evidence: say(
        `${show((s.peers.poolsDeadShare ?? 0) * 100)}% of its peers have lost their pools too`,
        `${show((s.peers.poolsDeadShare ?? 0) * 100)}% 的同类矿机同样失去矿池连接`,
      ),
    },
  ],
  action: () => ({ type: 'switch_pool', description: say('Switch to the backup pool', '切换到备用矿池') }),
};
