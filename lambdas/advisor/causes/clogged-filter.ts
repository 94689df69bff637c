import type { Cause } from '../diagnosis-input.ts';
import { deadFanRpm } from './dead-fan.ts';
import { both, compare, say, show, test } from './figures.ts';

const median = (values: readonly number[]) =>
  values.length > 0 ? values.toSorted((a, b) => a - b)[values.length >> 1] : undefined;

/** Dust: this machine is hot, its fans work at least as hard as those of its peers, and the air around is not the reason. */
export const cloggedFilter: Cause = {
  code: 'clogged_filter',
  name: say('Dust or a clogged filter', '积尘或滤网堵塞'),
  prior: { overheating: 0.15, hashrate_drop: 0.03, fan_failure: 0.02 },
  signs: (s) => {
    const fan = median(s.fansRpm);
    return [
      {
        holds: compare(s.chipTempC, s.peers.chipTempC, (own, peers) => own >= peers + 5),
        weight: 0.25,
        against: 0.4,
        evidence: say(
          `Chip temperature ${show(s.chipTempC, 1)} °C against a median of ${show(s.peers.chipTempC, 1)} °C of ${s.peers.count} peers`,
          `芯片温度 ${show(s.chipTempC, 1)} °C，${s.peers.count} 台同类中位数 ${show(s.peers.chipTempC, 1)} °C`,
        ),
      },
      {
        holds: s.fansRpm.length > 0 ? s.fansRpm.every((rpm) => rpm >= deadFanRpm) : undefined,
        weight: 0.1,
        against: 0.6,
        evidence: say(
          `All fans turn (${s.fansRpm.map((rpm) => show(rpm)).join(', ')} rpm)`,
          `所有风扇均在转动 (${s.fansRpm.map((rpm) => show(rpm)).join('、')} RPM)`,
        ),
      },
      {
        holds: compare(fan, s.peers.fanRpm, (own, peers) => own >= peers * 1.05),
        weight: 0.2,
        evidence: say(
          `Its fans work harder than its peers' (${show(fan)} against ${show(s.peers.fanRpm)} rpm)`,
          `风扇转速高于同类 (${show(fan)} 对 ${show(s.peers.fanRpm)} RPM)`,
        ),
      },
      {
        holds: compare(s.inletTempC, s.peers.inletTempC, (own, peers) => Math.abs(own - peers) <= 3),
        weight: 0.1,
        evidence: say(
          `The air it draws has ${show(s.inletTempC, 1)} °C, as its peers' (${show(s.peers.inletTempC, 1)} °C)`,
          `进风温度 ${show(s.inletTempC, 1)} °C，与同类 (${show(s.peers.inletTempC, 1)} °C) 一致`,
        ),
      },
      {
        holds: both(
          test(s.chipTempC, (own) => own < 125),
          compare(s.powerW, s.peers.powerW, (own, peers) => own >= peers * 0.9 && own <= peers * 1.1),
        ),
        weight: 0.1,
        evidence: say(
          `Power is as that of its peers (${show(s.powerW)} against ${show(s.peers.powerW)} W)`,
          `功率与同类相当 (${show(s.powerW)} 对 ${show(s.peers.powerW)} W)`,
        ),
      },
    ];
  },
  action: (s) =>
    (s.now?.values.fanDutyPct ?? 0) >= 95
      ? {
          type: 'manual_review',
          description: say(
            'The fans run at full speed already: clean the filter and the heat sinks',
            '风扇已全速运行：请清洁滤网和散热片',
          ),
        }
      : {
          type: 'adjust_fan',
          params: { speed: 100 },
          description: say(
            'Run the fans at full speed until the filter is cleaned',
            '在清洁滤网之前将风扇调至全速',
          ),
        },
};
