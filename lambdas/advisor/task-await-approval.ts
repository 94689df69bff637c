import { readRecommendation } from './recommendation-repository.ts';
import { keepToken, resumeWait } from './sealed-tokens.ts';
import { waitInput } from './state-input.ts';
import { changeDeps, tokenDeps } from './wiring.ts';

const deps = changeDeps();
const tokens = tokenDeps();

/** State `AwaitApproval`: keeps the task token; a decision that was faster than it resumes the machine at once. */
export const handler = async (given: unknown) => {
  const { recommendation_id, task_token } = waitInput.parse(given);
  const owner = await readRecommendation(deps)(recommendation_id);
  if (!owner) throw new Error(`Recommendation ${recommendation_id} is not there`);
  await keepToken(tokens)(owner, 'approval', task_token, deps.clock.nowMs());
  const now = await readRecommendation(deps)(recommendation_id);
  if (now && now.status !== 'pending')
    await resumeWait(tokens)(now, 'approval', { recommendation_id, decision: now.status });
};
