import type { Cause } from '../diagnosis-input.ts';
import { compare, say, show } from './figures.ts';

export const hashboardLost: Cause = {
  code: 'hashboard_lost',
  name: say('A hashboard has dropped out', '算力板掉线'),
  prior: { hashrate_drop: 0.15, power_anomaly: 0.1, overheating: 0.02, fan_failure: 0.02 },
  signs: (s) => {
    const lost = s.lostBoards;
    const names = lost.map(({ index }) => index).join(', ');
    const share = s.boards.length > 0 ? lost.length / s.boards.length : 0;
    const normal = s.peers.hashrateThs ?? s.ratedThs;
    const drop = s.hashrateThs === undefined ? undefined : 1 - s.hashrateThs / normal;
    return [
      {
        holds: s.boards.length > 1 ? lost.length > 0 : undefined,
        weight: 0.4,
        against: 0.6,
        evidence: say(
          `Board ${names} gives ${show(lost[0]?.hashrateThs ?? 0, 1)} TH/s while ${s.boards.length - lost.length} of ${s.boards.length} boards work`,
          `算力板 ${names} 算力 ${show(lost[0]?.hashrateThs ?? 0, 1)} TH/s，其余 ${s.boards.length - lost.length}/${s.boards.length} 块正常`,
        ),
      },
      {
        holds: lost.length > 0 && drop !== undefined ? Math.abs(drop - share) <= 0.12 : undefined,
        weight: 0.15,
        evidence: say(
          `Hashrate ${show(s.hashrateThs, 1)} TH/s is ${show((drop ?? 0) * 100)}% below ${show(normal, 1)} TH/s: the share of the missing board`,
          `算力 ${show(s.hashrateThs, 1)} TH/s，比 ${show(normal, 1)} TH/s 低 ${show((drop ?? 0) * 100)}%，正好是缺失板的份额`,
        ),
      },
      {
        holds:
          lost.length > 0
            ? compare(s.peers.hashrateThs, s.ratedThs, (peers, rated) => peers >= rated * 0.85)
            : undefined,
        weight: 0.1,
        evidence: say(
          `${s.peers.count} peers hash as rated (median ${show(s.peers.hashrateThs, 1)} TH/s)`,
          `${s.peers.count} 台同类算力正常 (中位数 ${show(s.peers.hashrateThs, 1)} TH/s)`,
        ),
      },
      {
        holds:
          lost.length > 0
            ? compare(s.powerW, s.peers.powerW, (own, peers) => Math.abs(1 - own / peers - share) <= 0.15)
            : undefined,
        weight: 0.1,
        evidence: say(
          `Power fell with it: ${show(s.powerW)} W against ${show(s.peers.powerW)} W`,
          `功率同步下降：${show(s.powerW)} W，同类 ${show(s.peers.powerW)} W`,
        ),
      },
      {
        holds: (lost.length > 0 && lost.some(({ chips }) => chips === 0)) || undefined,
        weight: 0.1,
        evidence: say(`Board ${names} finds 0 chips`, `算力板 ${names} 识别芯片数为 0`),
      },
      {
        holds: s.errorFamilies.has('board') || undefined,
        weight: 0.1,
        evidence: say(
          `The miner itself reports ${s.errorsInWords.en}`,
          `矿机自身上报错误码 ${s.errorsInWords.zh}`,
        ),
      },
    ];
  },
  action: () => ({
    type: 'reboot',
    description: say(
      'Restart the miner so that it finds its board again; if it does not, the board needs a repair',
      '重启矿机以重新识别算力板；若无效则需维修该板',
    ),
  }),
};
