import type { SequenceGap } from '../../contracts/telemetry-receipt.ts';

/**
 * Sequences of a shard that have not come: those after `after` up to `upTo`. `before` is the batch whose coming showed it (its
 * `previousSequence` was `upTo`).
 */
export type OpenGap = {
  readonly after: number;
  readonly upTo: number;
  readonly before: number;
  readonly sinceMs: number;
};

/** What of a shard's sequences has come: everything up to `highest` but the gaps, which ascend and do not touch. */
export type SequenceState = { readonly highest: number; readonly gaps: readonly OpenGap[] };

export const noSequences: SequenceState = { highest: 0, gaps: [] };

/** As many gaps as an answer to the gateway takes (contracts/telemetry-receipt.ts). */
const mostGaps = 50;

/** Has the batch with this sequence come before, or one that stands for it? */
export const isCovered = ({ highest, gaps }: SequenceState, sequence: number) =>
  sequence <= highest && !gaps.some(({ after, upTo }) => sequence > after && sequence <= upTo);

/**
 * A batch has come that stands for the sequences after `previous` up to `sequence` (contracts/telemetry-receipt.ts). `previous` 0
 * begins a chain: nothing is missing between an older chain's end and it, whose gaps stay.
 */
export const noteSequence = (
  state: SequenceState,
  sequence: number,
  previous: number,
  nowMs: number,
): SequenceState => {
  const gaps = state.gaps.flatMap((gap): OpenGap[] => {
    const { after, upTo } = gap;
    const holds = sequence > after && sequence <= upTo;
    const from = previous === 0 && holds ? after : previous;
    if (sequence <= after || from >= upTo || (previous === 0 && !holds)) return [gap];
    return [
      ...(after < from ? [{ ...gap, upTo: from, before: sequence }] : []),
      ...(sequence < upTo ? [{ ...gap, after: sequence }] : []),
    ];
  });
  if (sequence <= state.highest) return { ...state, gaps: bounded(gaps) };
  if (previous > state.highest)
    gaps.push({ after: state.highest, upTo: previous, before: sequence, sinceMs: nowMs });
  return { highest: sequence, gaps: bounded(gaps) };
};

/** Too many gaps: the oldest become one, which asks for what has come, too. That costs a repetition and loses nothing. */
const bounded = (gaps: readonly OpenGap[]): readonly OpenGap[] => {
  const [first, second, ...rest] = gaps;
  if (gaps.length <= mostGaps || !first || !second) return gaps;
  return bounded([{ ...first, upTo: second.upTo, before: second.before }, ...rest]);
};

export type Gone = { readonly state: SequenceState; readonly lost: readonly SequenceGap[] };

/** The gateway no longer has what lies after `after` and before `before`: what of it was missing is lost. */
export const noteGone = (state: SequenceState, { after, before }: SequenceGap): Gone => {
  const lost: SequenceGap[] = [];
  const gaps = state.gaps.flatMap((gap): OpenGap[] => {
    const from = Math.max(gap.after, after);
    const to = Math.min(gap.upTo, before - 1);
    if (from >= to) return [gap];
    lost.push({ after: from, before: Math.min(gap.before, before) });
    return [
      ...(gap.after < from ? [{ ...gap, upTo: from, before: from + 1 }] : []),
      ...(to < gap.upTo ? [{ ...gap, after: to }] : []),
    ];
  });
  return { state: { ...state, gaps }, lost };
};

/** What the gateway is told of a shard. */
export const receiptOf = ({ highest, gaps }: SequenceState) => ({
  through: gaps[0]?.after ?? highest,
  highest,
  gaps: gaps.map(({ after, before }) => ({ after, before })),
});
