import type { Messages } from '../i18n/en.ts';

/** An actor as people call it: `user:7`, `rule:1`, `ai:closed-loop`, `device:gw-1`, `system:detector`. */
export const nameOf = ({ who }: Pick<Messages, 'who'>, actor: string): string => {
  const at = actor.indexOf(':');
  const [kind, id] = [actor.slice(0, at), actor.slice(at + 1)];
  if (kind === 'user' || kind === 'rule' || kind === 'device') return who[kind](id);
  return kind === 'ai' || kind === 'system' ? who[kind] : actor;
};
