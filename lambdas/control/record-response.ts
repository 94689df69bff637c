import type { CommandResponse } from '../../contracts/command.ts';
import type { NewDomainEvent } from '../../contracts/domain-event.ts';
import type { Clock } from '../shared/clock.ts';
import { type CommandRecord, mayMove } from './command.ts';
import { commandEvent, gatewayActor } from './command-events.ts';
import { judgeResponse, type Settling } from './judge-response.ts';
import type { CommandPatch, Move } from './move-commands.ts';

export type RecordDeps = {
  readonly readCommand: (siteId: number, commandId: string) => Promise<CommandRecord | undefined>;
  readonly moveCommand: (move: Move) => Promise<boolean>;
  readonly noteLateAnswer: (command: CommandRecord, answer: string, event: NewDomainEvent) => Promise<void>;
  readonly clock: Clock;
};
export type RecordManyDeps = Pick<RecordDeps, 'noteLateAnswer' | 'clock'> & {
  readonly readCommands: (siteId: number, commandIds: readonly string[]) => Promise<readonly CommandRecord[]>;
  readonly moveAll: (moves: readonly Move[]) => Promise<readonly boolean[]>;
};

/** An answer and the gateway that the broker says it came from. */
export type ReceivedResponse = {
  readonly siteId: number;
  readonly gatewayId: string;
  readonly response: CommandResponse;
};

const attempts = 8;

/**
 * Takes gateways' answers to commands. Idempotent, and indifferent to order: a repeated answer changes nothing, one
 * that comes too late is recorded once. The refusal of a command that nobody made is nothing to record here: the
 * gateway's safety event tells of it. Answers with an Error for each answer that cannot be right (another gateway's command, an
 * unknown one, one that was never sent), for the dead-letter queue, and undefined for the others.
 */
export const recordResponses =
  (deps: RecordManyDeps) =>
  async (received: readonly ReceivedResponse[]): Promise<(Error | undefined)[]> => {
    const faults = new Map<ReceivedResponse, Error>();
    for (const [siteId, ofSite] of Map.groupBy(received, (one) => one.siteId))
      for (const [one, fault] of await recordOfSite(deps, siteId, ofSite)) faults.set(one, fault);
    return received.map((one) => faults.get(one));
  };

/** One answer; throws where it cannot be right. */
export const recordResponse =
  ({ readCommand, moveCommand, ...deps }: RecordDeps) =>
  async (received: ReceivedResponse): Promise<void> => {
    const one: RecordManyDeps = {
      ...deps,
      readCommands: async (siteId, ids) =>
        (await Promise.all(ids.map((id) => readCommand(siteId, id)))).filter((found) => found !== undefined),
      moveAll: async (moves) => Promise.all(moves.map(moveCommand)),
    };
    const [fault] = await recordResponses(one)([received]);
    if (fault) throw fault;
  };

const recordOfSite = async (deps: RecordManyDeps, siteId: number, ofSite: readonly ReceivedResponse[]) => {
  const faults = new Map<ReceivedResponse, Error>();
  let left = ofSite;
  for (let lost = 0; left.length > 0; ) {
    const round = firstOfEach(left);
    const named = round.flatMap(({ response }) => [response.commandId]);
    const commands = await readWithReverted(deps, siteId, named);
    const done = new Set<ReceivedResponse>();
    const moves = new Map<Move, ReceivedResponse>();
    for (const one of round) {
      const step = stepOf(deps, commands, one);
      if (step instanceof Error) faults.set(one, step);
      else if (step && 'late' in step)
        await deps.noteLateAnswer(step.late, answerKey(one.response), lateEvent(step.late, one.response));
      else if (step) {
        moves.set(step, one);
        continue;
      }
      done.add(one);
    }
    const moved = await deps.moveAll([...moves.keys()]);
    for (const [at, one] of [...moves.values()].entries()) if (moved[at]) done.add(one);
    left = left.filter((one) => !done.has(one));
    if (done.size > 0) lost = 0;
    else if (++lost === attempts) {
      const fault = new Error(`Commands of site ${siteId} stayed contended over ${attempts} attempts`);
      for (const one of left) faults.set(one, fault);
      break;
    }
  }
  return faults;
};

/** Answers to one command are taken one after the other. */
const firstOfEach = (left: readonly ReceivedResponse[]) => {
  const seen = new Set<string>();
  return left.filter(({ response }) => !seen.has(response.commandId) && seen.add(response.commandId));
};

/** The commands by id, with those that rollbacks among them put back. */
const readWithReverted = async (deps: RecordManyDeps, siteId: number, commandIds: readonly string[]) => {
  const commands = await deps.readCommands(siteId, commandIds);
  const reverted = commands.flatMap(({ order }) =>
    order.type === 'ROLLBACK' ? [order.params.ofCommandId] : [],
  );
  const others = reverted.length > 0 ? await deps.readCommands(siteId, reverted) : [];
  return new Map([...commands, ...others].map((command) => [command.commandId, command]));
};

/** The move that an answer means; `late` where it is only to be noted, undefined where it says nothing new. */
const stepOf = (
  { clock }: RecordManyDeps,
  commands: ReadonlyMap<string, CommandRecord>,
  { siteId, gatewayId, response }: ReceivedResponse,
): Move | { readonly late: CommandRecord } | Error | undefined => {
  if (response.siteId !== siteId || response.gatewayId !== gatewayId)
    return new Error(`Gateway ${gatewayId} answered in the name of another gateway`);
  const command = commands.get(response.commandId);
  if (!command && response.outcome === 'refused') return undefined;
  if (command?.gatewayId !== gatewayId)
    return new Error(`Gateway ${gatewayId} answered a command that it was not sent`);
  const judgement = judgeResponse(command.status, response);
  if (judgement === 'repeat') return undefined;
  if (judgement === 'impossible')
    return new Error(
      `Gateway ${gatewayId} answered command ${command.commandId}, which is ${command.status}`,
    );
  if (judgement === 'late') return { late: command };
  const nowMs = clock.nowMs();
  const overtook = overtookAcceptance(command, response);
  const moves: readonly Settling[] = overtook ? ['acknowledge', judgement] : [judgement];
  const together = judgement === 'complete' ? revert(command, commands, nowMs) : undefined;
  return {
    command,
    name: judgement,
    nowMs,
    patch: { ...(overtook && { acknowledgedAtMs: nowMs }), ...patchOf(judgement, response, nowMs) },
    events: moves.map((move) => eventFor(move, command, response)),
    ...(together && { together }),
  };
};

/** What the end of a rollback means for the command that it put back, where that still stands. */
export const revert = (
  { order, commandId }: CommandRecord,
  commands: ReadonlyMap<string, CommandRecord>,
  nowMs: number,
): Move | undefined => {
  const reverted = order.type === 'ROLLBACK' ? commands.get(order.params.ofCommandId) : undefined;
  if (!reverted || !mayMove(reverted, 'rollBack', nowMs)) return undefined;
  const event = commandEvent(reverted, gatewayActor(reverted.gatewayId), 'control.command.rolled_back', {
    by_command_id: commandId,
  });
  return { command: reverted, name: 'rollBack', nowMs, events: [event] };
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
