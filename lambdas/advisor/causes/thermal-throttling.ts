import type { Cause } from '../diagnosis-input.ts';
import { deadFanRpm } from './dead-fan.ts';
import { compare, say, show } from './figures.ts';

/** Heat came first, and the firmware lowered the frequency to survive it. */
export const thermalThrottling: Cause = {
  code: 'thermal_throttling',
  name: say('Chips are too hot, so the miner throttles itself', '芯片温度过高导致降频'),
  prior: { hashrate_drop: 0.1, overheating: 0.05, power_anomaly: 0.05 },
  signs: (s) => [
    {
      holds: compare(s.now?.values.frequencyMhz, s.peers.frequencyMhz, (own, peers) => own <= peers * 0.95),
      weight: 0.25,
      against: 0.35,
      evidence: say(
        `Frequency ${show(s.now?.values.frequencyMhz)} MHz against a median of ${show(s.peers.frequencyMhz)} MHz of its peers`,
        `频率 ${show(s.now?.values.frequencyMhz)} MHz，同类中位数 ${show(s.peers.frequencyMhz)} MHz`,
      ),
    },
    {
      holds: compare(s.chipTempC, s.peers.chipTempC, (own, peers) => own >= peers + 4),
      weight: 0.25,
      against: 0.25,
      evidence: say(
        `Chip temperature ${show(s.chipTempC, 1)} °C against ${show(s.peers.chipTempC, 1)} °C`,
        `芯片温度 ${show(s.chipTempC, 1)} °C，同类 ${show(s.peers.chipTempC, 1)} °C`,
      ),
    },
    {
      holds: compare(s.hashrateThs, s.peers.hashrateThs, (own, peers) => own > 0 && own <= peers * 0.95),
      weight: 0.1,
      evidence: say(
        `Hashrate ${show(s.hashrateThs, 1)} TH/s against ${show(s.peers.hashrateThs, 1)} TH/s`,
        `算力 ${show(s.hashrateThs, 1)} TH/s，同类 ${show(s.peers.hashrateThs, 1)} TH/s`,
      ),
    },
    {
      holds: s.fansRpm.length > 0 ? s.fansRpm.every((rpm) => rpm >= deadFanRpm) : undefined,
      weight: 0.1,
      against: 0.3,
      evidence: say('All fans turn', '所有风扇均在转动'),
    },
  ],
  action: () => ({
    type: 'adjust_fan',
    params: { speed: 100 },
    description: say('Run the fans at full speed', '提高风扇转速至最大'),
  }),
};
