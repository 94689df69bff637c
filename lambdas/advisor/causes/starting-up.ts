import type { Cause } from '../diagnosis-input.ts';
import { say, show, test } from './figures.ts';

const rampS = 600;

/** A healthy distractor: after a start the hashrate takes minutes to come. */
export const startingUp: Cause = {
  code: 'starting_up',
  name: say('The miner has just started and is still ramping up', '矿机刚启动，仍在爬升'),
  prior: { hashrate_drop: 0.05, power_anomaly: 0.05, fan_failure: 0.02, offline: 0.02 },
  signs: (s) => {
    const restart = s.input.recentCommands.find(
      ({ type }) => type === 'MINER_RESTART' || type === 'HASHING_ENABLE',
    );
    return [
      {
        holds: s.now?.state === 'booting' || undefined,
        weight: 0.75,
        evidence: say('The miner says that it is booting', '矿机正在启动'),
      },
      {
        holds: test(s.now?.values.uptimeS, (uptime) => uptime < rampS),
        weight: 0.2,
        against: 0.3,
        evidence: say(
          `It has been up for ${show(s.now?.values.uptimeS)} s`,
          `已运行 ${show(s.now?.values.uptimeS)} 秒`,
        ),
      },
      {
        holds: restart !== undefined || undefined,
        weight: 0.2,
        evidence: say(
          `A command ${restart?.type} was carried out on it within the hour`,
          `一小时内执行过命令 ${restart?.type}`,
        ),
      },
      {
        holds: test(s.lostBoards.length, (lost) => lost === 0),
        weight: 0.05,
        against: 0.3,
        evidence: say('No board is missing', '没有缺失的算力板'),
      },
    ];
  },
  action: () => ({ type: 'alert_only', description: say('Wait until the ramp is over', '等待爬升完成') }),
};
