import { setTimeout as delay } from 'node:timers/promises';
import {
  type BatchView,
  batchAnswer,
  batchPlan,
  type CommandView,
  commandList,
} from '../../contracts/api-control.ts';
import type { ApiClient } from '../../local/api-client.ts';
import { until } from '../../local/loop/until.ts';
import type { Watcher } from '../bench.ts';
import type { People } from './one-by-one.ts';

export type BatchRun = {
  readonly batch: BatchView;
  readonly approvedMs: number;
  readonly commands: readonly CommandView[];
};

const patienceMs = 40 * 60_000;
const lookEveryMs = 2_000;

const allOf = async (operator: ApiClient, siteId: number, batchId: string): Promise<CommandView[]> => {
  const commands: CommandView[] = [];
  for (let cursor: string | undefined = ''; cursor !== undefined; ) {
    const query = new URLSearchParams({ site_id: String(siteId), batch_id: batchId, limit: '200' });
    if (cursor !== '') query.set('cursor', cursor);
    const page: { commands: CommandView[]; next_cursor?: string | undefined } = await operator.call(
      'GET',
      `/api/v1/commands?${query}`,
      commandList,
    );
    commands.push(...page.commands);
    cursor = page.next_cursor;
  }
  return commands;
};

/** The lamps of all miners in one batch, approved by as many people as it takes; followed until it is over. */
export const asBatch = async (
  people: People,
  siteId: number,
  on: boolean,
  shape: { readonly wave_sizes?: readonly number[]; readonly concurrency?: number },
  { progress, say }: Watcher,
): Promise<BatchRun> => {
  const asked = {
    site_id: siteId,
    selection: { all: true },
    command_type: 'LED',
    params: { on },
    reason: 'Bench: every lamp',
    // It is to reach every miner, however many fail.
    max_failed: 20_000,
    max_failed_pct: 100,
    ...shape,
  };
  const plan = await people.operator.call('POST', '/api/v1/command-batches/dry-run', batchPlan, asked);
  const { votes_needed: votes, rank_needed: rank } = plan.approval;
  say(
    `Dry run: ${plan.miners} miners, ${Math.round(plan.power_kw)} kW, ${plan.risk.tier} risk, ${votes} votes of rank ${rank}`,
  );
  let { batch } = await people.operator.call('POST', '/api/v1/command-batches', batchAnswer, asked);
  const path = `/api/v1/command-batches/${batch.batch_id}`;
  let approvedMs = Date.now();
  for (const voter of [people.owner, people.admin, people.manager].slice(0, votes)) {
    approvedMs = Date.now();
    ({ batch } = await voter.call('POST', `${path}/approve`, batchAnswer, {
      site_id: siteId,
      selection_hash: batch.selection_hash,
    }));
  }
  batch = await until('the batch to end', patienceMs, async () => {
    const now = await people.operator.call('GET', `${path}?site_id=${siteId}`, batchAnswer);
    const { completed, failed, unknown, miners, status } = now.batch;
    progress(completed + failed + unknown, miners, `commands of the batch, ${status}`);
    if (['PENDING_APPROVAL', 'RUNNING'].includes(status)) {
      await delay(lookEveryMs);
      return undefined;
    }
    return now.batch;
  });
  return { batch, approvedMs, commands: await allOf(people.operator, siteId, batch.batch_id) };
};
