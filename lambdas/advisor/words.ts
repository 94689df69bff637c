import type { AlertKind } from '../../contracts/alert.ts';
import type { ActionType } from '../../contracts/api-advisor.ts';
import type { RiskTier } from '../../contracts/command.ts';
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
