import type { CommandResponse, CommandStatus } from '../../contracts/command.ts';
import type { TransitionName } from './command.ts';

/**
 * What a gateway's answer means for a command in this status: a move; a `repeat` that says nothing new; `late`, to be
 * recorded without effect; or `impossible`, because the gateway cannot have the command yet.
 */
export type Judgement = Settling | 'repeat' | 'late' | 'impossible';
export type Settling = Extract<TransitionName, 'acknowledge' | 'complete' | 'fail' | 'lose'>;

/** Settled by the cloud before anything was sent, or not sent yet. */
const neverSent: readonly CommandStatus[] = [
  'PENDING',
  'PENDING_APPROVAL',
  'APPROVED',
  'DENIED',
  'CANCELLED',
];

/**
 * Deliveries repeat and overtake each other, so every answer is judged against the status that it meets. A gateway that
 * refuses a nonce which it has seen has the command already: that is an acknowledgement. Any other refusal of a command
 * that was acknowledged concerns a further copy of it and changes nothing. A refusal from before the signature was
 * checked never settles a command, or a forged copy could: the genuine one goes on, or expires.
 */
export const judgeResponse = (status: CommandStatus, response: CommandResponse): Judgement => {
  if (neverSent.includes(status)) return 'impossible';
  switch (response.outcome) {
    case 'accepted':
      if (status === 'DISPATCHED') return 'acknowledge';
      return status === 'EXPIRED' ? 'late' : 'repeat';
    case 'succeeded':
      if (isOpen(status)) return 'complete';
      return status === 'COMPLETED' || status === 'ROLLED_BACK' ? 'repeat' : 'late';
    case 'failed':
      if (isOpen(status)) return 'fail';
      return status === 'FAILED' ? 'repeat' : 'late';
    case 'unknown':
      if (status === 'DISPATCHED' || status === 'ACKNOWLEDGED') return 'lose';
      return status === 'UNKNOWN' ? 'repeat' : 'late';
    case 'refused':
      return judgeRefusal(status, response.code);
  }
};

/** Found before the signature was: such an envelope may be anybody's copy, and its command id proves nothing. */
const unproven = new Set<string>([
  'MALFORMED',
  'WRONG_SITE',
  'WRONG_GATEWAY',
  'UNKNOWN_KEY',
  'BAD_SIGNATURE',
]);

const judgeRefusal = (
  status: CommandStatus,
  code: Extract<CommandResponse, { outcome: 'refused' }>['code'],
): Judgement => {
  if (unproven.has(code)) return 'late';
  if (code === 'REPLAYED_NONCE') return status === 'DISPATCHED' ? 'acknowledge' : 'repeat';
  if (status === 'DISPATCHED') return 'fail';
  if (status === 'FAILED' || (status === 'EXPIRED' && code === 'EXPIRED')) return 'repeat';
  return 'late';
};

const isOpen = (status: CommandStatus) =>
  status === 'DISPATCHED' || status === 'ACKNOWLEDGED' || status === 'UNKNOWN';
