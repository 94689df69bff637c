import * as z from 'zod';
import { diagnoseLoop } from './diagnose-loop.ts';
import { loopStartOf } from './start-loop.ts';
import { gatherDeps } from './wiring.ts';

const deps = gatherDeps();
const input = z.object({ event: z.unknown(), execution: z.string().min(1) });

/** State `Diagnose`: {event, execution} → {started, loop_id}; `started` is false where another execution has the loop. */
export const handler = async (given: unknown) => {
  const { event, execution } = input.parse(given);
  const start = loopStartOf(event);
  if (!start) return { started: false };
  return { started: await diagnoseLoop(deps)(start, execution), loop_id: start.loopId };
};
