import { expireRecommendation } from './decide-recommendation.ts';
import { recommendationInput, TaskFailed } from './state-input.ts';
import { changeDeps } from './wiring.ts';

const deps = changeDeps();

/** State `Expire`: nobody decided in time. A vote of the last moment wins: the answer carries the status as it is. */
export const handler = async (given: unknown) => {
  const { recommendation_id } = recommendationInput.parse(given);
  const expired = await expireRecommendation(deps)(recommendation_id, 'timeout');
  if (!expired.ok) throw new TaskFailed(expired.failure);
  return { recommendation_id, decision: expired.value.status };
};
