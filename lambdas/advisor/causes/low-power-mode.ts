import type { Cause } from '../diagnosis-input.ts';
import { compare, say, show } from './figures.ts';

const stoppers = ['HASHING_DISABLE', 'POWER_MODE', 'POWER_LIMIT', 'FREQUENCY_SET'];

/** Nothing is broken: somebody, or a configuration, told the miner to do less. */
export const lowPowerMode: Cause = {
  code: 'low_power_mode',
  name: say('The miner was told to do less: mode, limit or stop', '配置或低功耗模式所致'),
  prior: { hashrate_drop: 0.05, power_anomaly: 0.1, offline: 0.02 },
  signs: (s) => {
    const mode = s.now?.mode;
    const limitW = s.now?.values.powerLimitW;
    const command = s.input.recentCommands.find(({ type }) => stoppers.includes(type));
    return [
      {
        holds: mode === undefined ? undefined : mode === 'low' || mode === 'sleep',
        weight: 0.45,
        against: 0.1,
        evidence: say(`The miner is in ${mode} mode`, `矿机处于 ${mode} 模式`),
      },
      {
        holds:
          compare(limitW, s.input.miner.ratedPowerW, (limit, rated) => limit > 0 && limit < rated * 0.9) ||
          undefined,
        weight: 0.35,
        evidence: say(
          `Its power limit is ${show(limitW)} W of ${show(s.input.miner.ratedPowerW)} W`,
          `功率上限 ${show(limitW)} W，额定 ${show(s.input.miner.ratedPowerW)} W`,
        ),
      },
      {
        holds: command !== undefined || undefined,
        weight: 0.75,
        evidence: say(
          `A command ${command?.type} was carried out on it within the hour`,
          `一小时内执行过命令 ${command?.type}`,
        ),
      },
      {
        holds: s.now?.state === 'stopped' || undefined,
        weight: 0.3,
        evidence: say('The miner says that it is stopped', '矿机状态为已停止'),
      },
    ];
  },
  action: (s) => {
    const command = s.input.recentCommands.find(({ type }) => stoppers.includes(type));
    if (command)
      return {
        type: 'alert_only',
        description: say('This was intended; nothing is to be done', '属于预期操作，无需处理'),
      };
    if (s.now?.mode === 'low' || s.now?.mode === 'sleep')
      return {
        type: 'restore',
        params: { mode: 'normal' },
        description: say('Return the miner to normal mode', '恢复到正常模式'),
      };
    return {
      type: 'manual_review',
      description: say('Check who limited the miner, and why', '确认是谁限制了该矿机及其原因'),
    };
  },
};
