import { parseDomainEvent } from '../shared/bus-message.ts';
import { sqsHandler } from '../shared/sqs-batch.ts';
import { recordMinerCommand, settleCommand } from './execution-repository.ts';
import { readRecommendation } from './recommendation-repository.ts';
import { resumeWait } from './sealed-tokens.ts';
import { changeDeps, commandReader, tokenDeps } from './wiring.ts';

const deps = changeDeps();
const control = commandReader();
const tokens = tokenDeps();

/** A settled command of a recommendation; the last one lets its state machine go on. Commands of people are let go. */
export const handler = sqsHandler(async ({ body }) => {
  const { event, payload } = parseDomainEvent(
    body,
    'control.command.completed',
    'control.command.failed',
    'control.command.unknown',
    'control.command.expired',
    'control.command.denied',
    'control.command.cancelled',
  );
  const command = await control.readCommand(event.site_id, payload.command_id);
  if (!command) throw new Error(`Command ${payload.command_id} is not there`);
  if (command.status === 'COMPLETED' || command.status === 'UNKNOWN') {
    await recordMinerCommand(deps)(
      command.siteId,
      command.minerId,
      command.order.type,
      command.settledAtMs ?? command.updatedAtMs,
    );
  }
  if (command.recommendationId === undefined) return;
  const allSettled = await settleCommand(deps)(command.recommendationId, command.commandId);
  if (!allSettled) return;
  const recommendation = await readRecommendation(deps)(command.recommendationId);
  if (recommendation)
    await resumeWait(tokens)(recommendation, 'execution', { recommendation_id: recommendation.id });
});
