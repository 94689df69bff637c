import type { Cause } from '../diagnosis-input.ts';
import { say, show, test } from './figures.ts';

const together = 0.5;

export const networkZone: Cause = {
  code: 'network_zone',
  name: say('The network of the zone is down', '区域网络中断'),
  prior: { offline: 0.15 },
  signs: (s) => [
    {
      holds: !s.reachable,
      weight: 0.05,
      against: 0.6,
      evidence: say('The miner does not answer', '矿机无应答'),
    },
    {
      holds: test(s.zoneUnreachableShare, (share) => share >= together),
      weight: 0.6,
      against: 0.3,
      evidence: say(
        `${show((s.zoneUnreachableShare ?? 0) * 100)}% of the other ${s.input.zone.length} miners of the zone do not answer either`,
        `该区域其他 ${s.input.zone.length} 台矿机中 ${show((s.zoneUnreachableShare ?? 0) * 100)}% 同样无应答`,
      ),
    },
    {
      holds: s.input.alertingMiners >= 3 || undefined,
      weight: 0.15,
      evidence: say(
        `${s.input.alertingMiners} miners went offline together`,
        `${s.input.alertingMiners} 台矿机同时离线`,
      ),
    },
  ],
  action: () => ({
    type: 'manual_review',
    description: say(
      'Check the switch, the cable and the feed of the zone',
      '检查该区域的交换机、网线与供电',
    ),
  }),
};

export const singleOffline: Cause = {
  code: 'single_offline',
  name: say(
    'The miner alone is off the network: controller, cable or power',
    '单台离线：控制板、网线或供电问题',
  ),
  prior: { offline: 0.2 },
  signs: (s) => [
    {
      holds: !s.reachable,
      weight: 0.1,
      against: 0.6,
      evidence: say('The miner does not answer', '矿机无应答'),
    },
    {
      holds: test(s.zoneUnreachableShare, (share) => share < 0.2),
      weight: 0.45,
      against: 0.4,
      evidence: say(
        `${show((1 - (s.zoneUnreachableShare ?? 0)) * 100)}% of the other ${s.input.zone.length} miners of the zone answer`,
        `该区域其他 ${s.input.zone.length} 台矿机中 ${show((1 - (s.zoneUnreachableShare ?? 0)) * 100)}% 正常应答`,
      ),
    },
    {
      holds: s.input.alertingMiners === 1 || undefined,
      weight: 0.05,
      evidence: say('No other miner raised this alert', '没有其他矿机发出该告警'),
    },
  ],
  action: () => ({
    type: 'manual_review',
    description: say('Look at the miner on site: lamp, cable, breaker', '现场检查矿机：指示灯、网线、断路器'),
  }),
};
