import type { CommandView } from '../../contracts/api-control.ts';
import { type LegacyCommand, type LegacyType, legacyStatuses } from '../../contracts/api-legacy.ts';

const oldNames: Readonly<Partial<Record<CommandView['command_type'], LegacyType>>> = {
  MINER_RESTART: 'reboot',
  HASHING_DISABLE: 'disable',
  HASHING_ENABLE: 'enable',
  POOL_SET: 'set_pool',
  SET_FAN: 'set_fan',
  POWER_MODE: 'power_mode',
};

/** A command as the old API showed it, from what the successor shows. */
export const toLegacy = (command: CommandView): LegacyCommand => ({
  command_id: command.command_id,
  site_id: command.site_id,
  miner_id: command.miner_id,
  command_type: oldNames[command.command_type] ?? command.command_type,
  params: oldParams(command),
  priority: command.priority,
  status: legacyStatuses[command.status],
  requested_by: command.requested_by,
  created_at: command.created_at,
  expires_at: command.expires_at,
});

/** One pool stood where now a list does, and the fan had a speed. */
const oldParams = ({ command_type, params }: CommandView): LegacyCommand['params'] => {
  if (command_type === 'POOL_SET' && Array.isArray(params.pools)) {
    const [first] = params.pools;
    return typeof first === 'object' && first !== null && !Array.isArray(first) ? first : {};
  }
  const { dutyPct, duty_pct = dutyPct, ...rest } = params;
  return command_type === 'SET_FAN' && duty_pct !== undefined ? { speed: duty_pct, ...rest } : params;
};
