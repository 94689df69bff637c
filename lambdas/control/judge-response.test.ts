import { expect, test } from 'vitest';
import {
  type CommandResponse,
  type CommandStatus,
  commandStatuses,
  refusalCodes,
} from '../../contracts/command.ts';
import { finalStatuses, transitions } from './command.ts';
import { judgeResponse } from './judge-response.ts';

const base = { version: 1, commandId: 'cmd-1', siteId: 1, gatewayId: 'gw-1', atMs: 5 } as const;
const answers: readonly CommandResponse[] = [
  { ...base, outcome: 'accepted' },
  { ...base, outcome: 'succeeded' },
  { ...base, outcome: 'failed', detail: 'no' },
  { ...base, outcome: 'unknown', detail: 'lost' },
  ...refusalCodes.map((code) => ({ ...base, outcome: 'refused' as const, code, detail: 'no' })),
];

test('what each answer means in each status', () => {
  const rows = Object.fromEntries(
    commandStatuses.map((status) => [
      status,
      answers.slice(0, 4).map((answer) => judgeResponse(status, answer)),
    ]),
  );
  const never = ['impossible', 'impossible', 'impossible', 'impossible'];
  expect(rows).toEqual({
    PENDING: never,
    PENDING_APPROVAL: never,
    APPROVED: never,
    DENIED: never,
    CANCELLED: never,
    DISPATCHED: ['acknowledge', 'complete', 'fail', 'lose'],
    ACKNOWLEDGED: ['repeat', 'complete', 'fail', 'lose'],
    UNKNOWN: ['repeat', 'complete', 'fail', 'repeat'],
    COMPLETED: ['repeat', 'repeat', 'late', 'late'],
    ROLLED_BACK: ['repeat', 'repeat', 'late', 'late'],
    FAILED: ['repeat', 'late', 'repeat', 'late'],
    EXPIRED: ['late', 'late', 'late', 'late'],
  });
});

const isUnproven = (answer: (typeof answers)[number]) =>
  answer.outcome === 'refused' &&
  ['MALFORMED', 'WRONG_SITE', 'WRONG_GATEWAY', 'UNKNOWN_KEY', 'BAD_SIGNATURE'].includes(answer.code);

test('a refusal that proves nothing settles nothing', () => {
  const unproven = answers.filter(isUnproven);
  expect(unproven).toHaveLength(5);
  for (const answer of unproven)
    for (const status of ['DISPATCHED', 'ACKNOWLEDGED', 'UNKNOWN', 'COMPLETED', 'FAILED', 'EXPIRED'] as const)
      expect(judgeResponse(status, answer)).toBe('late');
});

test('a refusal fails only a command that was not acknowledged', () => {
  for (const answer of answers.slice(4).filter((one) => !isUnproven(one))) {
    const replayed = answer.outcome === 'refused' && answer.code === 'REPLAYED_NONCE';
    expect(judgeResponse('DISPATCHED', answer)).toBe(replayed ? 'acknowledge' : 'fail');
    for (const status of ['ACKNOWLEDGED', 'UNKNOWN', 'COMPLETED', 'ROLLED_BACK'] as const)
      expect(judgeResponse(status, answer)).toBe(replayed ? 'repeat' : 'late');
  }
});

test('a judgement that moves is a transition that the status allows', () => {
  for (const status of commandStatuses)
    for (const answer of answers) {
      const judgement = judgeResponse(status, answer);
      if (judgement === 'repeat' || judgement === 'late' || judgement === 'impossible') continue;
      const from: readonly CommandStatus[] = transitions[judgement].from;
      expect(from).toContain(status);
      expect(finalStatuses).not.toContain(status);
    }
});
