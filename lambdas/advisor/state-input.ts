import * as z from 'zod';
import type { Failure } from '../shared/result.ts';

/** What the state machine carries from task to task: ids only. Everything else lies in the advisor's table. */
export const loopInput = z.object({ loop_id: z.string() });
export const recommendationInput = z.object({ recommendation_id: z.string() });
export const waitInput = recommendationInput.extend({ task_token: z.string().min(1) });

/** An expected failure has no place inside the state machine: it is thrown, and the machine's catch ends the loop. */
export class TaskFailed extends Error {
  override readonly name = 'TaskFailed';
  constructor({ code, message }: Failure) {
    super(`${code}: ${message}`);
  }
}
