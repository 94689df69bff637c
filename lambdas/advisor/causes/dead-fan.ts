import type { Cause } from '../diagnosis-input.ts';
import { compare, say, show } from './figures.ts';

/** Below this a fan does not move air, whatever its tachometer says. */
export const deadFanRpm = 300;
const turningRpm = 1_000;

export const deadFan: Cause = {
  code: 'dead_fan',
  name: say('A fan has died', '风扇故障停转'),
  prior: { fan_failure: 0.25, overheating: 0.1, hashrate_drop: 0.02, power_anomaly: 0.02, offline: 0.02 },
  signs: (s) => {
    const dead = s.fansRpm.flatMap((rpm, index) => (rpm < deadFanRpm ? [{ fan: index + 1, rpm }] : []));
    const first = dead[0];
    const turning = s.fansRpm.filter((rpm) => rpm >= turningRpm);
    const known = s.fansRpm.length > 0;
    const running = known && s.now?.state !== 'stopped';
    return [
      {
        holds: running ? dead.length > 0 : undefined,
        weight: 0.4,
        against: 0.6,
        evidence: say(
          `Fan ${first?.fan} turns at ${show(first?.rpm)} rpm`,
          `风扇 ${first?.fan} 转速 ${show(first?.rpm)} RPM`,
        ),
      },
      {
        holds: running && dead.length > 0 ? turning.length > 0 : undefined,
        weight: 0.1,
        evidence: say(
          `The other fans turn at ${turning.map((rpm) => show(rpm)).join(', ')} rpm`,
          `其余风扇转速 ${turning.map((rpm) => show(rpm)).join('、')} RPM`,
        ),
      },
      {
        holds:
          dead.length > 0 ? compare(s.peers.fanRpm, turningRpm, (peers, least) => peers >= least) : undefined,
        weight: 0.1,
        evidence: say(
          `The fans of ${s.peers.count} peers of the same model and zone turn at a median of ${show(s.peers.fanRpm)} rpm`,
          `同型号同区域 ${s.peers.count} 台矿机风扇转速中位数 ${show(s.peers.fanRpm)} RPM`,
        ),
      },
      {
        holds: compare(s.chipTempC, s.peers.chipTempC, (own, peers) => own >= peers + 4),
        weight: 0.1,
        evidence: say(
          `Chip temperature ${show(s.chipTempC, 1)} °C against a median of ${show(s.peers.chipTempC, 1)} °C of its peers`,
          `芯片温度 ${show(s.chipTempC, 1)} °C，同类中位数 ${show(s.peers.chipTempC, 1)} °C`,
        ),
      },
      {
        holds: s.errorFamilies.has('fan') || undefined,
        weight: 0.3,
        evidence: say(
          `The miner itself reports ${s.errorsInWords.en}`,
          `矿机自身上报错误码 ${s.errorsInWords.zh}`,
        ),
      },
    ];
  },
  action: () => ({
    type: 'power_off',
    description: say(
      'Stop hashing before the chips are damaged, and replace the fan',
      '停止运行以免损坏芯片，并更换风扇',
    ),
  }),
};
