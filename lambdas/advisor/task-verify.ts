import { recommendationInput, TaskFailed } from './state-input.ts';
import { verifyRecommendation } from './verify-recommendation.ts';
import { verifyDeps } from './wiring.ts';

const deps = verifyDeps();

/** State `Verify`: one look → {verdict, reason?}; `pending` while later telemetry does not show it yet. */
export const handler = async (given: unknown) => {
  const { recommendation_id } = recommendationInput.parse(given);
  const looked = await verifyRecommendation(deps)(recommendation_id);
  if (!looked.ok) throw new TaskFailed(looked.failure);
  return { recommendation_id, ...looked.value };
};
