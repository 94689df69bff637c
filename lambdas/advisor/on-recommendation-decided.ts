import { parseDomainEvent } from '../shared/bus-message.ts';
import { sqsHandler } from '../shared/sqs-batch.ts';
import { readRecommendation } from './recommendation-repository.ts';
import { resumeWait } from './sealed-tokens.ts';
import { changeDeps, tokenDeps } from './wiring.ts';

const deps = changeDeps();
const tokens = tokenDeps();
export const decidedEvents = [
  'advisor.recommendation.approved',
  'advisor.recommendation.rejected',
  'advisor.recommendation.expired',
] as const;

/** A decision resumes the state machine that waits for it, if one does. */
export const handler = sqsHandler(async ({ body }) => {
  const { payload } = parseDomainEvent(body, ...decidedEvents);
  const recommendation = await readRecommendation(deps)(payload.recommendation_id);
  if (!recommendation || recommendation.status === 'pending') return;
  await resumeWait(tokens)(recommendation, 'approval', {
    recommendation_id: recommendation.id,
    decision: recommendation.status,
  });
});
