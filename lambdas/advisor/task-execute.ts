import { theLoop } from './change-recommendation.ts';
import { executeRecommendation } from './execute-recommendation.ts';
import { readRecommendation } from './recommendation-repository.ts';
import { keepToken, resumeWait } from './sealed-tokens.ts';
import { waitInput } from './state-input.ts';
import { executeDeps, tokenDeps } from './wiring.ts';

const deps = executeDeps();
const tokens = tokenDeps();

/**
 * State `Execute`: keeps the task token, then proposes one command per target. The machine goes on when the last of
 * them is settled (on-command-settled.ts), or at once where control refused all of them.
 */
export const handler = async (given: unknown) => {
  const { recommendation_id, task_token } = waitInput.parse(given);
  const owner = await readRecommendation(deps)(recommendation_id);
  if (!owner) throw new Error(`Recommendation ${recommendation_id} is not there`);
  await keepToken(tokens)(owner, 'execution', task_token, deps.clock.nowMs());
  const executed = await executeRecommendation(deps)(recommendation_id, theLoop);
  if (!executed.ok || executed.value.allSettled)
    await resumeWait(tokens)(owner, 'execution', { recommendation_id });
};
