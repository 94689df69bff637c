import { logger } from '../shared/logger.ts';
import { expireRecommendation } from './decide-recommendation.ts';
import { listDue } from './recommendation-repository.ts';
import { changeDeps } from './wiring.ts';

const deps = changeDeps();

/** Each minute: recommendations that nobody decided on, or executed, in time expire. */
export const handler = async () => {
  const due = await listDue(deps)(deps.clock.nowMs());
  for (const id of due) await expireRecommendation(deps)(id, 'timeout', true);
  if (due.length > 0) logger.info('expired', { count: due.length });
};
