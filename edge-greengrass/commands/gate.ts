import type { CommandEnvelope, CommandResponse, RefusalCode } from '../../contracts/command.ts';
import type { Reports } from '../reports.ts';
import type { StateFile } from '../state/state-file.ts';
import { type CheckContext, checkEnvelope, checkTime, digestOfCopy } from './check-envelope.ts';
import { type Journal, sameOrder } from './journal.ts';

type Deps = {
  readonly state: StateFile;
  readonly journal: Journal;
  readonly reports: Reports;
  readonly context: CheckContext;
  readonly clockSkewMs: number;
  readonly nowMs: () => number;
  /** Whether a kill switch forbids every remote write. */
  readonly isHalted: () => boolean;
  /** Undefined when the gateway can do it, else why not. */
  readonly judge: (
    envelope: CommandEnvelope,
  ) => { readonly code: RefusalCode; readonly detail: string } | undefined;
  /** Called after the acceptance is on the disk. */
  readonly start: (commandId: string) => void;
};

/**
 * Where an envelope becomes a command or is refused. Returns when the decision and its answer are on the disk; only
 * then may the line be told that the message arrived. An authentic envelope is decided once: coming again it gets the
 * answer that stands, without another effect and without alarm.
 */
export const commandGate = (deps: Deps) => {
  const { state, journal, reports, context, clockSkewMs, nowMs, isHalted, judge, start } = deps;
  const refusal = (commandId: string, code: RefusalCode, detail: string): CommandResponse => ({
    ...reports.head(commandId),
    outcome: 'refused',
    code,
    detail: detail.slice(0, 300),
  });
  const alarm = (code: RefusalCode, detail: string, commandId?: string, minerId?: string) =>
    reports.safety({
      kind: 'command_refused',
      code,
      detail: detail.slice(0, 300),
      ...(commandId !== undefined && { commandId }),
      ...(minerId !== undefined && { minerId }),
    });

  const refuseAuthentic = (
    envelope: CommandEnvelope,
    digest: string,
    code: RefusalCode,
    detail: string,
    inOrder: boolean,
  ) => {
    const answer = refusal(envelope.commandId, code, detail);
    journal.remember(envelope, digest, answer, { accepted: false, inOrder });
    reports.response(answer);
    alarm(code, detail, envelope.commandId, envelope.minerId);
  };

  const decide = (envelope: CommandEnvelope, digest: string): string | undefined => {
    const standing = journal.answerTo(digest);
    if (standing) {
      reports.response(standing);
      return undefined;
    }
    const untimely = checkTime(envelope, nowMs(), clockSkewMs);
    if (untimely) return void refuseAuthentic(envelope, digest, untimely.code, untimely.detail, false);
    if (journal.hasNonce(envelope.nonce)) {
      return void refuseAuthentic(
        envelope,
        digest,
        'REPLAYED_NONCE',
        'another envelope had this nonce',
        false,
      );
    }
    if (envelope.sequence <= journal.lastSequence) {
      const detail = `sequence ${envelope.sequence} is behind ${journal.lastSequence}`;
      return void refuseAuthentic(envelope, digest, 'STALE_SEQUENCE', detail, false);
    }
    const earlier = journal.find(envelope.commandId);
    if (earlier && sameOrder(earlier.envelope, envelope)) {
      journal.remember(envelope, digest, earlier.answer, { accepted: true, inOrder: true });
      reports.response(earlier.answer);
      return undefined;
    }
    if (earlier) {
      return void refuseAuthentic(
        envelope,
        digest,
        'REPLAYED_NONCE',
        'the command id stands for another order',
        true,
      );
    }
    if (isHalted())
      return void refuseAuthentic(
        envelope,
        digest,
        'HALTED',
        'remote writes are stopped at this gateway',
        true,
      );
    const impossible = judge(envelope);
    if (impossible) return void refuseAuthentic(envelope, digest, impossible.code, impossible.detail, true);
    const answer: CommandResponse = { ...reports.head(envelope.commandId), outcome: 'accepted' };
    journal.remember(envelope, digest, answer, { accepted: true, inOrder: true });
    journal.accept(envelope, answer);
    reports.response(answer);
    return envelope.commandId;
  };

  /** The very bytes of an envelope whose key has been replaced since: they were authentic, and their answer stands. */
  const standingOfCopy = (payload: Uint8Array): CommandResponse | undefined => {
    const digest = digestOfCopy(payload);
    return digest === undefined ? undefined : journal.answerTo(digest);
  };

  return (payload: Uint8Array): void => {
    const checked = checkEnvelope(payload, context);
    if (!checked.ok) {
      const { code, detail, commandId } = checked;
      const standing = code === 'UNKNOWN_KEY' ? standingOfCopy(payload) : undefined;
      if (standing) return void state.transact(() => reports.response(standing));
      state.transact(() => {
        if (commandId !== undefined) reports.response(refusal(commandId, code, detail));
        alarm(code, detail, commandId);
      });
      return;
    }
    const accepted = state.transact(() => decide(checked.envelope, checked.digest));
    context.worked?.(checked.envelope.keyId);
    if (accepted !== undefined) start(accepted);
  };
};
