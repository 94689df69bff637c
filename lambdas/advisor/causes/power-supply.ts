import type { Cause } from '../diagnosis-input.ts';
import { both, compare, say, show, test } from './figures.ts';

export const powerSupply: Cause = {
  code: 'power_supply',
  name: say('The power supply is failing', '电源故障'),
  prior: { power_anomaly: 0.15, hashrate_drop: 0.05, offline: 0.1 },
  signs: (s) => {
    const uptimes = s.input.recent.flatMap(({ values }) =>
      values.uptimeS === undefined ? [] : [values.uptimeS],
    );
    const reboots = uptimes.filter((uptime, index) => index > 0 && uptime < (uptimes[index - 1] ?? 0)).length;
    const hashing = s.now?.state === 'hashing';
    const jPerTh = s.powerW !== undefined && s.hashrateThs ? s.powerW / s.hashrateThs : undefined;
    const peersJPerTh =
      s.peers.powerW !== undefined && s.peers.hashrateThs ? s.peers.powerW / s.peers.hashrateThs : undefined;
    return [
      {
        holds: s.errorFamilies.has('power') || undefined,
        weight: 0.4,
        evidence: say(
          `The miner itself reports ${s.errorsInWords.en}`,
          `矿机自身上报错误码 ${s.errorsInWords.zh}`,
        ),
      },
      {
        holds:
          s.reachable && s.boards.length > 0
            ? s.boards.every(({ hashrateThs }) => (hashrateThs ?? 0) <= 0.5) && s.countersFrozen !== true
            : undefined,
        weight: 0.2,
        evidence: say('All boards vanished together', '所有算力板同时掉电'),
      },
      {
        holds: reboots >= 2 || undefined,
        weight: 0.35,
        evidence: say(`It restarted ${reboots} times within the hour`, `一小时内重启 ${reboots} 次`),
      },
      {
        holds: hashing
          ? both(
              compare(jPerTh, peersJPerTh, (own, peers) => own >= peers * 1.12 || own <= peers * 0.85),
              test(s.lostBoards.length, (lost) => lost === 0),
            )
          : undefined,
        weight: 0.45,
        against: 0.2,
        evidence: say(
          `It needs ${show(jPerTh, 1)} J/TH (${show(s.powerW)} W) against ${show(peersJPerTh, 1)} J/TH (${show(s.peers.powerW)} W) of ${s.peers.count} peers`,
          `能耗 ${show(jPerTh, 1)} J/TH (${show(s.powerW)} W)，${s.peers.count} 台同类 ${show(peersJPerTh, 1)} J/TH (${show(s.peers.powerW)} W)`,
        ),
      },
      {
        holds: compare(s.now?.values.voltageV, 11, (volt, least) => volt > 1 && volt < least) || undefined,
        weight: 0.1,
        evidence: say(
          `Supply voltage ${show(s.now?.values.voltageV, 2)} V`,
          `供电电压 ${show(s.now?.values.voltageV, 2)} V`,
        ),
      },
    ];
  },
  action: () => ({
    type: 'manual_review',
    description: say('Have the power supply measured and replaced', '请检测并更换电源'),
  }),
};
