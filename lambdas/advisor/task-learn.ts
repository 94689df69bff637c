import * as z from 'zod';
import { learnFromOutcome } from './learn-from-outcome.ts';
import { recommendationInput, TaskFailed } from './state-input.ts';
import { changeDeps } from './wiring.ts';

const deps = changeDeps();
const input = recommendationInput.extend({ verdict: z.string(), reason: z.string().optional() });

/** State `Learn`: ends the recommendation and records what was learned → {status, reason}. */
export const handler = async (given: unknown) => {
  const { recommendation_id, verdict, reason } = input.parse(given);
  const learned = await learnFromOutcome(deps)(
    recommendation_id,
    verdict === 'not_executed' ? (reason ?? 'command_failed') : undefined,
  );
  if (!learned.ok) throw new TaskFailed(learned.failure);
  return { recommendation_id, status: learned.value.status, reason: learned.value.statusReason ?? verdict };
};
