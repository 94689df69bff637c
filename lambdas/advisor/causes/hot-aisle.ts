import type { Cause } from '../diagnosis-input.ts';
import { deadFanRpm } from './dead-fan.ts';
import { compare, say, show, test } from './figures.ts';

const warmInletC = 33;

/** Common mode: what this miner suffers from, its neighbours suffer from as well. */
export const hotAisle: Cause = {
  code: 'hot_aisle',
  name: say('The whole aisle is hot: supply air or cooling', '整个通道过热：送风或制冷问题'),
  prior: { overheating: 0.1, hashrate_drop: 0.02 },
  signs: (s) => [
    {
      holds: compare(s.chipTempC, s.peers.chipTempC, (own, peers) => Math.abs(own - peers) <= 4),
      weight: 0.3,
      against: 0.4,
      evidence: say(
        `${s.peers.count} peers of the same model and zone are as hot: median ${show(s.peers.chipTempC, 1)} °C against ${show(s.chipTempC, 1)} °C here`,
        `同区域同型号 ${s.peers.count} 台同样过热：中位数 ${show(s.peers.chipTempC, 1)} °C，本机 ${show(s.chipTempC, 1)} °C`,
      ),
    },
    {
      holds: test(s.peers.inletTempC ?? s.inletTempC, (inlet) => inlet >= warmInletC),
      weight: 0.25,
      against: 0.15,
      evidence: say(
        `The air that the zone draws has ${show(s.peers.inletTempC ?? s.inletTempC, 1)} °C`,
        `该区域进风温度 ${show(s.peers.inletTempC ?? s.inletTempC, 1)} °C`,
      ),
    },
    {
      holds: s.fansRpm.length > 0 ? s.fansRpm.every((rpm) => rpm >= deadFanRpm) : undefined,
      weight: 0.05,
      against: 0.3,
      evidence: say('All of its fans turn', '本机所有风扇均在转动'),
    },
    {
      holds: s.input.alertingMiners >= 3 || undefined,
      weight: 0.2,
      evidence: say(
        `${s.input.alertingMiners} miners of the zone raised the same alert together`,
        `该区域 ${s.input.alertingMiners} 台矿机同时发出相同告警`,
      ),
    },
  ],
  action: () => ({
    type: 'curtail',
    params: { mode: 'low' },
    description: say(
      'Run the affected miners in low power mode until the cooling is restored',
      '在制冷恢复之前将受影响矿机切换到低功耗模式',
    ),
  }),
};
