import {
  type Loop,
  loopList,
  loopSteps,
  type Recommendation,
  recommendationAnswer,
  recommendationDetail,
} from '../../contracts/api-advisor.ts';
import { type CommandView, commandView } from '../../contracts/api-control.ts';
import type { PhysicalState } from '../../simulator/site/physical.ts';
import type { ApiClient } from '../api-client.ts';
import type { System } from '../system.ts';
import type { Case } from './scenarios.ts';
import { until } from './until.ts';

export type Staff = { readonly operator: ApiClient; readonly manager: ApiClient };
export type CaseReport = {
  readonly name: string;
  readonly minerId: string;
  readonly model: string;
  readonly injectedAtMs: number;
  readonly loop: Loop;
  readonly recommendation: Recommendation;
  readonly command: CommandView | undefined;
  /** When the API answered the vote that completed the approval. */
  readonly approvedAtMs: number | undefined;
  readonly before: PhysicalState;
  readonly after: PhysicalState;
  /** Everything that did not end as it must; empty when all is well. */
  readonly faults: readonly string[];
};

const running = new Set(['running', 'awaiting_approval', 'executing']);
const stepMs = 60_000;

/**
 * Breaks one miner and follows its loop to the end through the API: detection, people's votes where they are asked,
 * command, verification. Then compares the end with what the case documents, in the records and in the machine itself.
 */
export const playCase = async (
  system: System,
  staff: Staff,
  minerId: string,
  one: Case,
): Promise<CaseReport> => {
  const { site_id, control } = { site_id: system.record.siteId, control: system.site.control };
  const before = await control.physical(minerId);
  const injectedAtMs = Date.now();
  for (const fault of one.faults) await control.inject(minerId, fault);

  const listLoops = async () =>
    (await staff.operator.call('GET', `/api/v1/ai/loops?site_id=${site_id}&limit=200`, loopList)).loops;
  const { loopId, recommendationId } = await until(
    `${one.name}: a recommendation for ${minerId}`,
    stepMs,
    async () => {
      const found = (await listLoops()).find(
        ({ miner_ids, batch_received_at, status, recommendation_id }) =>
          recommendation_id !== undefined &&
          miner_ids.includes(minerId) &&
          Date.parse(batch_received_at) >= injectedAtMs &&
          status !== 'covered',
      );
      return found?.recommendation_id && { loopId: found.loop_id, recommendationId: found.recommendation_id };
    },
  );
  const path = `/api/v1/ai/recommendations/${encodeURIComponent(recommendationId)}`;
  let approvedAtMs: number | undefined;
  if (one.people !== 'stay-silent') {
    if (one.gatewayOffline) await system.stopEdge();
    approvedAtMs = await decide(staff, path, one);
  }
  const loop = await until(`${one.name}: the end of the loop of ${minerId}`, 2 * stepMs, async () => {
    const found = (await listLoops()).find(({ loop_id }) => loop_id === loopId);
    const isWhole = found?.status !== 'effective' || found.steps.length === loopSteps.length;
    return found && !running.has(found.status) && isWhole ? found : undefined;
  });
  const { recommendation } = await staff.operator.call('GET', path, recommendationDetail);
  const commandId = recommendation.execution?.command_id;
  const command = commandId
    ? await staff.operator.call('GET', `/api/v1/commands/${commandId}?site_id=${site_id}`, commandView)
    : undefined;
  const after = await control.physical(minerId);
  if (one.gatewayOffline) await system.startEdge();
  const report = {
    name: one.name,
    minerId,
    model: before.model,
    injectedAtMs,
    loop,
    recommendation,
    command,
    approvedAtMs,
    before,
    after,
  };
  return { ...report, faults: compare(one, report) };
};

const decide = async ({ operator, manager }: Staff, path: string, { people }: Case) => {
  if (people === 'reject') {
    await operator.call('POST', `${path}/reject`, recommendationAnswer, {
      reason: 'A technician is on the way',
    });
    return undefined;
  }
  const first = await operator.call('POST', `${path}/approve`, recommendationAnswer, {
    reason: 'Seen on the map',
  });
  const { status, risk } = first.recommendation;
  if (status !== 'pending') {
    if (risk.level === 'high' || risk.level === 'critical')
      throw new Error(`one person sufficed for a recommendation of ${risk.level} risk`);
    // What has often gone well on a site is less of a risk there.
    return Date.now();
  }
  const second = await manager.call('POST', `${path}/approve`, recommendationAnswer, { reason: 'Agreed' });
  if (second.recommendation.status === 'pending') throw new Error('two people did not suffice');
  return Date.now();
};

const compare = ({ end }: Case, report: Omit<CaseReport, 'faults'>): string[] => {
  const { loop, recommendation, command, before, after } = report;
  const faults: string[] = [];
  const expect = (what: string, is: string | undefined, must: string | undefined) => {
    if (is !== must) faults.push(`${what} is ${is ?? 'none'}, must be ${must ?? 'none'}`);
  };
  expect('the loop', loop.status, end.loop);
  expect('the recommendation', recommendation.status, end.recommendation);
  expect('the command', command?.status, end.command);
  const restarted = after.uptimeS < after.simulatedS - before.simulatedS;
  const boards = after.boards.filter(({ lost }) => !lost).length;
  const physical = {
    'restarted-with-all-boards':
      restarted && boards === after.boards.length && after.hashrateThs > 0.8 * before.hashrateThs,
    stopped: !after.hashing && after.powerW < 0.1 * before.powerW,
    untouched: !restarted,
    'restarted-in-vain': restarted && boards < after.boards.length,
  }[end.miner];
  if (!physical)
    faults.push(
      `the miner is not ${end.miner}: ${after.phase}, ${after.hashrateThs.toFixed(1)} TH/s, ${after.powerW.toFixed(0)} W, ${boards} boards`,
    );
  return faults;
};
