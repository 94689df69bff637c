import type { AlertKind } from '../../contracts/alert.ts';
import type { ActionType } from '../../contracts/api-advisor.ts';
import type { CommandType, RiskTier } from '../../contracts/command.ts';
import type { Text } from '../../contracts/text.ts';

/** Alert kinds as people call them. */
export const kindWords: Readonly<Record<AlertKind, Text>> = {
  overheating: { en: 'overheating', zh: '过热' },
  fan_failure: { en: 'fan failure', zh: '风扇故障' },
  hashrate_drop: { en: 'hashrate drop', zh: '算力下降' },
  power_anomaly: { en: 'power anomaly', zh: '功率异常' },
  offline: { en: 'offline', zh: '离线' },
};

/** Actions as people call them. */
export const actionWords: Readonly<Record<ActionType, Text>> = {
  reboot: { en: 'Restart', zh: '重启' },
  power_off: { en: 'Stop hashing', zh: '停机' },
  power_on: { en: 'Start hashing', zh: '开机' },
  adjust_frequency: { en: 'Set frequency', zh: '调频' },
  adjust_fan: { en: 'Set fan', zh: '调风扇' },
  switch_pool: { en: 'Switch pool', zh: '切换矿池' },
  curtail: { en: 'Curtail', zh: '限电' },
  restore: { en: 'Restore', zh: '恢复' },
  alert_only: { en: 'Alert only', zh: '仅告警' },
  manual_review: { en: 'Have a person look', zh: '人工检查' },
};

/** Risk levels as people call them. */
export const riskWords: Readonly<Record<RiskTier, Text>> = {
  low: { en: 'low', zh: '低' },
  medium: { en: 'medium', zh: '中' },
  high: { en: 'high', zh: '高' },
  critical: { en: 'critical', zh: '危急' },
};

/** Command types as people call them. */
export const commandWords: Readonly<Record<CommandType, Text>> = {
  MINER_RESTART: { en: 'Restart', zh: '重启命令' },
  HASHING_DISABLE: { en: 'Stop', zh: '停机命令' },
  HASHING_ENABLE: { en: 'Start', zh: '开机命令' },
  POOL_SET: { en: 'Pool change', zh: '切换矿池命令' },
  SET_FAN: { en: 'Fan change', zh: '风扇命令' },
  POWER_MODE: { en: 'Power mode', zh: '功率模式命令' },
  POWER_LIMIT: { en: 'Power limit', zh: '功率限制命令' },
  FREQUENCY_SET: { en: 'Frequency change', zh: '调频命令' },
  LED: { en: 'LED', zh: '指示灯命令' },
  ROLLBACK: { en: 'Rollback', zh: '回滚命令' },
};

/** Verdicts of later telemetry as people call them; an unknown one stands for itself. */
export const verdictWords = (verdict: string): Text =>
  ({
    effective: { en: 'Effective', zh: '有效' },
    no_effect: { en: 'No effect', zh: '无效果' },
    worse: { en: 'Worse', zh: '恶化' },
    inconclusive: { en: 'Inconclusive', zh: '无法判定' },
  })[verdict] ?? { en: verdict, zh: verdict };

/** Who approved, such as `user:7` or `rule:1`, in words. */
export const partyWords = (party: string): Text => {
  const [kind, id = ''] = party.split(':');
  if (kind === 'user') return { en: `user ${id}`, zh: `用户 ${id}` };
  if (kind === 'rule') return { en: `rule ${id}`, zh: `规则 ${id}` };
  return { en: party, zh: party };
};
