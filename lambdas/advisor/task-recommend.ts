import { isAdviceOnly } from './plan-action.ts';
import { recommendForLoop } from './recommend-for-loop.ts';
import { loopInput, TaskFailed } from './state-input.ts';
import { createDeps } from './wiring.ts';

const deps = createDeps();

/**
 * State `Recommend`: {loop_id} → {next: approved | pending | advice | covered, recommendation_id, approval_timeout_s}.
 * The wait ends a second after the recommendation's own expiry.
 */
export const handler = async (given: unknown) => {
  const { loop_id } = loopInput.parse(given);
  const made = await recommendForLoop(deps)(loop_id);
  if (!made.ok) throw new TaskFailed(made.failure);
  if (!('recommendation' in made.value)) return { next: 'covered', loop_id };
  const { id, status, action, expiresAtMs } = made.value.recommendation;
  const next = isAdviceOnly(action.type)
    ? 'advice'
    : status === 'pending' || status === 'approved'
      ? status
      : 'covered';
  const approvalTimeoutS = Math.max(1, Math.ceil((expiresAtMs - deps.clock.nowMs()) / 1_000) + 1);
  return { next, loop_id, recommendation_id: id, approval_timeout_s: approvalTimeoutS };
};
