import type { Cause } from '../diagnosis-input.ts';
import { both, compare, say, show, test } from './figures.ts';

/** All boards are there, frequency and temperature are normal, and still it gives less, with more hardware errors. */
export const chipDegradation: Cause = {
  code: 'chip_degradation',
  name: say('Chips are degrading', '芯片老化'),
  prior: { hashrate_drop: 0.1, power_anomaly: 0.05 },
  signs: (s) => {
    const uptimeH = (s.now?.values.uptimeS ?? 0) / 3_600;
    const errorsPerHour =
      s.now?.values.hardwareErrors !== undefined && uptimeH > 0
        ? s.now.values.hardwareErrors / uptimeH
        : undefined;
    const missing = s.boards.filter(
      ({ chips }) =>
        chips !== undefined && chips > 0 && s.peers.boardChips !== undefined && chips < s.peers.boardChips,
    );
    return [
      {
        holds: compare(
          s.hashrateThs,
          s.peers.hashrateThs,
          (own, peers) => own >= peers * 0.6 && own <= peers * 0.95,
        ),
        weight: 0.15,
        against: 0.3,
        evidence: say(
          `Hashrate ${show(s.hashrateThs, 1)} TH/s against a median of ${show(s.peers.hashrateThs, 1)} TH/s of its peers`,
          `算力 ${show(s.hashrateThs, 1)} TH/s，同类中位数 ${show(s.peers.hashrateThs, 1)} TH/s`,
        ),
      },
      {
        holds: s.boards.length > 0 ? s.lostBoards.length === 0 : undefined,
        weight: 0.05,
        against: 0.4,
        evidence: say(`All ${s.boards.length} boards work`, `${s.boards.length} 块算力板均在工作`),
      },
      {
        holds: both(
          compare(s.now?.values.frequencyMhz, s.peers.frequencyMhz, (own, peers) => own >= peers * 0.97),
          test(s.hashrateThs, (own) => own > 0),
        ),
        weight: 0.15,
        against: 0.2,
        evidence: say(
          `Frequency is normal (${show(s.now?.values.frequencyMhz)} against ${show(s.peers.frequencyMhz)} MHz)`,
          `频率正常 (${show(s.now?.values.frequencyMhz)} 对 ${show(s.peers.frequencyMhz)} MHz)`,
        ),
      },
      {
        holds: compare(
          errorsPerHour,
          s.peers.hardwareErrorsPerHour,
          (own, peers) => own >= Math.max(10, peers * 3),
        ),
        weight: 0.3,
        evidence: say(
          `${show(errorsPerHour)} hardware errors an hour against ${show(s.peers.hardwareErrorsPerHour)} of its peers`,
          `每小时硬件错误 ${show(errorsPerHour)} 次，同类 ${show(s.peers.hardwareErrorsPerHour)} 次`,
        ),
      },
      {
        holds: missing.length > 0 || undefined,
        weight: 0.2,
        evidence: say(
          `Board ${missing[0]?.index} finds ${missing[0]?.chips} chips of ${show(s.peers.boardChips)}`,
          `算力板 ${missing[0]?.index} 仅识别 ${missing[0]?.chips}/${show(s.peers.boardChips)} 颗芯片`,
        ),
      },
    ];
  },
  action: (s) => {
    const frequencyMhz = s.now?.values.frequencyMhz;
    return frequencyMhz === undefined
      ? { type: 'manual_review', description: say('Have the chips checked on the bench', '请送检芯片') }
      : {
          type: 'adjust_frequency',
          params: { frequency_mhz: Math.round(frequencyMhz * 0.95) },
          description: say(
            'Lower the frequency by 5% so that the weak chips stop failing',
            '将频率降低 5%，使弱芯片稳定工作',
          ),
        };
  },
};
