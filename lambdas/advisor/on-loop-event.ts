import { sqsHandler } from '../shared/sqs-batch.ts';
import { followLoop } from './follow-loop.ts';
import { changeDeps, commandReader } from './wiring.ts';

const follow = followLoop({ ...changeDeps(), ...commandReader() });

/** Keeps the loops' timelines by the events on the bus. */
export const handler = sqsHandler(({ body }) => follow(body));
