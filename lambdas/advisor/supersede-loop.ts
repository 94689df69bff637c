import type { ChangeDeps } from './change-recommendation.ts';
import { recommendationIdOf } from './create-recommendation.ts';
import { expireRecommendation } from './decide-recommendation.ts';
import { changeLoop, supersedeLoop } from './loop-repository.ts';

/**
 * An incident takes an alert over: the alert's loop makes no recommendation any more, and a pending one expires with
 * the reason `superseded`. What is approved or being executed goes on.
 */
export const handOver =
  (deps: ChangeDeps) =>
  async (alertId: string, incidentId: string): Promise<void> => {
    await supersedeLoop(deps)(alertId, incidentId);
    const expired = await expireRecommendation(deps)(recommendationIdOf(alertId), 'superseded');
    if (!expired.ok || expired.value.status === 'expired')
      await changeLoop(deps)(alertId, { status: 'covered' });
  };
