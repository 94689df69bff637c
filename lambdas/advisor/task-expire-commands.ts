import { readRecommendation } from './recommendation-repository.ts';
import { recommendationInput } from './state-input.ts';
import { settledStatuses } from './verify-recommendation.ts';
import { changeDeps, commandExpirer } from './wiring.ts';

const deps = changeDeps();
const control = commandExpirer();

/** State `ExpireCommands`: settles what ran out of time. `all_settled` is false while a gateway may yet answer. */
export const handler = async (given: unknown) => {
  const { recommendation_id } = recommendationInput.parse(given);
  const recommendation = await readRecommendation(deps)(recommendation_id);
  if (!recommendation) throw new Error(`Recommendation ${recommendation_id} is not there`);
  const commandIds = recommendation.execution?.commandIds ?? [];
  const seen = await Promise.all(
    commandIds.map((commandId) => control.expireCommand(recommendation.siteId, commandId)),
  );
  return {
    recommendation_id,
    all_settled: seen.every((one) => !one.ok || settledStatuses.includes(one.value.status)),
  };
};
