import type { CommandResponse } from '../../contracts/command.ts';
import type { NewDomainEvent } from '../../contracts/domain-event.ts';
import type { Clock } from '../shared/clock.ts';
import type { CommandRecord } from './command.ts';
import { commandEvent, gatewayActor } from './command-events.ts';
import type { CommandPatch } from './command-repository.ts';
import type { ExpireDeps } from './expire-command.ts';
import { judgeResponse, type Settling } from './judge-response.ts';

export type RecordDeps = Pick<ExpireDeps, 'readCommand' | 'moveCommand'> & {
  readonly noteLateAnswer: (command: CommandRecord, answer: string, event: NewDomainEvent) => Promise<void>;
  readonly clock: Clock;
};

/** An answer and the gateway that the broker says it came from. */
export type ReceivedResponse = {
  readonly siteId: number;
  readonly gatewayId: string;
  readonly response: CommandResponse;
};

const attempts = 8;

/**
 * Takes a gateway's answer to a command. Idempotent, and indifferent to order: a repeated answer changes nothing, one
 * that comes too late is recorded once. The refusal of a command that nobody made is nothing to record here: the
 * gateway's safety event tells of it. Throws Error on an answer that cannot be right (another gateway's command, an
 * unknown one, one that was never sent), for the dead-letter queue.
 */
export const recordResponse =
  (deps: RecordDeps) =>
  async ({ siteId, gatewayId, response }: ReceivedResponse) => {
    if (response.siteId !== siteId || response.gatewayId !== gatewayId)
      throw new Error(`Gateway ${gatewayId} answered in the name of another gateway`);
    for (let attempt = 1; attempt <= attempts; attempt++) {
      const command = await deps.readCommand(siteId, response.commandId);
      if (!command && response.outcome === 'refused') return;
      if (command?.gatewayId !== gatewayId)
        throw new Error(`Gateway ${gatewayId} answered a command that it was not sent`);
      const judgement = judgeResponse(command.status, response);
      if (judgement === 'repeat') return;
      if (judgement === 'impossible')
        throw new Error(
          `Gateway ${gatewayId} answered command ${command.commandId}, which is ${command.status}`,
        );
      if (judgement === 'late')
        return deps.noteLateAnswer(command, answerKey(response), lateEvent(command, response));
      const nowMs = deps.clock.nowMs();
      const overtook = overtookAcceptance(command, response);
      const moves: readonly Settling[] = overtook ? ['acknowledge', judgement] : [judgement];
      const patch: CommandPatch = {
        ...(overtook && { acknowledgedAtMs: nowMs }),
        ...patchOf(judgement, response, nowMs),
      };
      const events = moves.map((move) => eventFor(move, command, response));
      if (await deps.moveCommand(command, judgement, nowMs, patch, events)) return;
    }
    throw new Error(`Command ${response.commandId} stayed contended over ${attempts} attempts`);
  };

/** A result says by itself that the gateway had accepted the command, also where it overtook the answer that says so. */
const overtookAcceptance = ({ status }: CommandRecord, { outcome }: CommandResponse) =>
  status === 'DISPATCHED' && (outcome === 'succeeded' || outcome === 'failed' || outcome === 'unknown');

const eventFor = (move: Settling, command: CommandRecord, response: CommandResponse) => {
  const actor = gatewayActor(command.gatewayId);
  switch (move) {
    case 'acknowledge':
      return commandEvent(command, actor, 'control.command.acknowledged', { at_ms: response.atMs });
    case 'complete':
      return commandEvent(command, actor, 'control.command.completed', { at_ms: response.atMs });
    case 'fail':
      return commandEvent(command, actor, 'control.command.failed', { reason: failureOf(response).code });
    case 'lose':
      return commandEvent(command, actor, 'control.command.unknown', { reason: failureOf(response).code });
  }
};

const lateEvent = (command: CommandRecord, response: CommandResponse) =>
  commandEvent(command, gatewayActor(command.gatewayId), 'control.command.answered_late', {
    status: command.status,
    outcome: response.outcome,
    ...(response.outcome === 'refused' && { code: response.code }),
  });

const answerKey = (response: CommandResponse) =>
  response.outcome === 'refused' ? `refused_${response.code}` : response.outcome;

const failureOf = (response: CommandResponse) => {
  const detail = 'detail' in response ? { detail: response.detail } : {};
  switch (response.outcome) {
    case 'refused':
      return { code: response.code, ...detail };
    case 'unknown':
      return { code: 'NO_READ_BACK', ...detail };
    default:
      return { code: 'MINER_FAILED', ...detail };
  }
};

const patchOf = (move: Settling, response: CommandResponse, nowMs: number): CommandPatch => {
  if (move === 'acknowledge') return { acknowledgedAtMs: nowMs };
  return {
    settledAtMs: nowMs,
    ...(move !== 'complete' && { failure: failureOf(response) }),
    ...('before' in response && response.before && { before: response.before }),
    ...('after' in response && response.after && { after: response.after }),
  };
};
