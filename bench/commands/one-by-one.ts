import { setTimeout as delay } from 'node:timers/promises';
import { type CommandView, commandAnswer, commandView } from '../../contracts/api-control.ts';
import type { ApiClient } from '../../local/api-client.ts';
import { until } from '../../local/loop/until.ts';
import type { Watcher } from '../bench.ts';

export type People = {
  readonly operator: ApiClient;
  readonly manager: ApiClient;
  readonly admin: ApiClient;
  readonly owner: ApiClient;
};
type Played = { readonly approvedMs: number; readonly command: CommandView };

const patienceMs = 180_000;
/** As often as a person's page asks how a command fares; the requests are part of what it costs. */
const lookEveryMs = 2_000;
const isOver = ({ status }: CommandView) => !['APPROVED', 'DISPATCHED', 'ACKNOWLEDGED'].includes(status);

/** A power mode for one miner: the operator proposes, the manager approves; followed until it is over. */
const playOne = async ({ operator, manager }: People, siteId: number, minerId: string): Promise<Played> => {
  const { command } = await operator.call('POST', '/api/v1/commands/propose', commandAnswer, {
    site_id: siteId,
    miner_id: minerId,
    command_type: 'POWER_MODE',
    params: { mode: 'low' },
    reason: 'Bench: one command',
  });
  const path = `/api/v1/commands/${command.command_id}`;
  const approvedMs = Date.now();
  await manager.call('POST', `${path}/approve`, commandAnswer, { site_id: siteId });
  const over = await until(`${minerId} to settle`, patienceMs, async () => {
    const now = await operator.call('GET', `${path}?site_id=${siteId}`, commandView);
    if (isOver(now)) return now;
    await delay(lookEveryMs);
    return undefined;
  });
  return { approvedMs, command: over };
};

/** Commands to so many miners, some at a time. */
export const oneByOne = async (
  people: People,
  siteId: number,
  minerIds: readonly string[],
  atOnce: number,
  { progress }: Watcher,
): Promise<Played[]> => {
  const left = [...minerIds];
  const played: Played[] = [];
  const play = async () => {
    for (let minerId = left.shift(); minerId !== undefined; minerId = left.shift()) {
      played.push(await playOne(people, siteId, minerId));
      progress(played.length, minerIds.length, 'commands');
    }
  };
  await Promise.all(Array.from({ length: atOnce }, play));
  return played;
};
