import * as z from 'zod';
import { recommendationIdOf } from './create-recommendation.ts';
import { failRecommendation } from './decide-recommendation.ts';
import { changeLoop } from './loop-repository.ts';
import { changeDeps } from './wiring.ts';

const deps = changeDeps();
const input = z.object({ recommendation_id: z.string().optional(), loop_id: z.string().optional() });

/** State `MarkFailed`: whatever broke, the recommendation and its loop end as failed, and their miners are free again. */
export const handler = async (given: unknown) => {
  const { recommendation_id, loop_id } = input.parse(given);
  const id = recommendation_id ?? (loop_id === undefined ? undefined : recommendationIdOf(loop_id));
  const failed = id === undefined ? undefined : await failRecommendation(deps)(id, 'internal_error');
  const loopId = failed?.ok ? failed.value.loopId : loop_id;
  if (loopId !== undefined && (!failed?.ok || failed.value.status === 'failed'))
    await changeLoop(deps)(loopId, { status: 'failed' });
};
