import type { Cause } from '../diagnosis-input.ts';
import { compare, say, show, test } from './figures.ts';

/** A temperature that cannot be, beside others that are well. */
export const sensorFault: Cause = {
  code: 'sensor_fault',
  name: say('A temperature sensor is wrong', '温度传感器故障'),
  prior: { overheating: 0.05, fan_failure: 0.02, power_anomaly: 0.02 },
  signs: (s) => {
    const temps = s.boards
      .flatMap(({ index, chipTempC }) => (chipTempC === undefined ? [] : [{ index, chipTempC }]))
      .toSorted((a, b) => a.chipTempC - b.chipTempC);
    const top = temps.at(-1);
    const next = temps.at(-2);
    const impossible = test(
      s.chipTempC,
      (own) => own > 130 || (s.now?.state === 'hashing' && own < (s.inletTempC ?? 10) - 5),
    );
    return [
      {
        holds: impossible,
        weight: 0.6,
        evidence: say(
          `A chip temperature of ${show(s.chipTempC, 1)} °C is not possible in a miner that hashes`,
          `运行中的矿机不可能出现 ${show(s.chipTempC, 1)} °C 的芯片温度`,
        ),
      },
      {
        holds: compare(top?.chipTempC, next?.chipTempC, (hot, other) => hot >= other + 30),
        weight: 0.4,
        against: 0.05,
        evidence: say(
          `Board ${top?.index} says ${show(top?.chipTempC, 1)} °C, the next one ${show(next?.chipTempC, 1)} °C`,
          `算力板 ${top?.index} 显示 ${show(top?.chipTempC, 1)} °C，另一块 ${show(next?.chipTempC, 1)} °C`,
        ),
      },
      {
        holds: compare(s.hashrateThs, s.peers.hashrateThs, (own, peers) => own >= peers * 0.95),
        weight: 0.15,
        evidence: say(
          `It hashes as its peers do (${show(s.hashrateThs, 1)} against ${show(s.peers.hashrateThs, 1)} TH/s)`,
          `算力与同类一致 (${show(s.hashrateThs, 1)} 对 ${show(s.peers.hashrateThs, 1)} TH/s)`,
        ),
      },
      {
        holds: compare(s.powerW, s.peers.powerW, (own, peers) => Math.abs(own / peers - 1) <= 0.08),
        weight: 0.1,
        evidence: say(
          `Its power is as that of its peers (${show(s.powerW)} against ${show(s.peers.powerW)} W)`,
          `功率与同类一致 (${show(s.powerW)} 对 ${show(s.peers.powerW)} W)`,
        ),
      },
    ];
  },
  action: () => ({ type: 'manual_review', description: say('Have the sensor checked', '请检查传感器') }),
};
