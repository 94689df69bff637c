import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { countedVotes, isComplete } from './ballot.ts';
import type { CommandRecord } from './command.ts';
import { approveCommand, cancelCommand, denyCommand } from './decide-command.ts';
import { expireCommand } from './expire-command.ts';
import { requestCommand } from './request-command.ts';
import { siteId } from './test-control.ts';
import { made, order, person, startRequests, type TestRequests } from './test-requests.ts';

/** Decisions come in through these in turn, each a process of its own. */
let processes: TestRequests['deps'][] = [];
let control: TestRequests;
beforeAll(async () => {
  control = await startRequests();
  processes = [control.deps, control.rival(), control.rival()];
});
afterAll(() => control.close());

const stop = { order: { type: 'HASHING_DISABLE', params: {} } } as const;
const reason = { site_id: siteId, reason: 'r' };
const voters = [person(5), person(6), person(7, 'manager'), person(8, 'manager')];
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('approve' as const), by: fc.nat(3) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constantFrom('deny' as const, 'cancel' as const), by: fc.nat(3) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('expire' as const), by: fc.constant(0) }) },
);
type Step = { readonly kind: 'approve' | 'deny' | 'cancel' | 'expire'; readonly by: number };

const ask = async (): Promise<CommandRecord> =>
  made(await requestCommand(control.deps)(person(5), order(stop), undefined));
const take = async ({ commandId }: CommandRecord, { kind, by }: Step, at = 0) => {
  const who = voters[by] ?? person(5);
  const deps = processes[at % processes.length] ?? control.deps;
  if (kind === 'approve') return approveCommand(deps)(who, commandId, reason);
  if (kind === 'deny') return denyCommand(deps)(who, commandId, reason);
  if (kind === 'cancel') return cancelCommand(deps)(who, commandId, reason);
  return expireCommand(deps)(siteId, commandId);
};
const eventsOf = async (commandId: string) => {
  const found: { readonly type: string; readonly user: string }[] = [];
  for (const { type, ref, actor } of await control.story())
    if (ref === commandId) found.push({ type: type.replace('control.command.', ''), user: actor });
  return found;
};

test('one decision after the other follows the model: votes, then exactly one end', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 10 }), fc.boolean(), async (steps, lateAtLast) => {
      const { commandId, expiresAtMs } = await ask();
      const model = {
        status: 'PENDING_APPROVAL',
        votes: new Set<number>(),
        deliverUntilMs: Number.POSITIVE_INFINITY,
      };
      for (const [at, one] of steps.entries()) {
        if (lateAtLast && at === steps.length - 1) control.now.ms = Math.max(control.now.ms, expiresAtMs);
        const isLate = control.now.ms >= expiresAtMs;
        const command = await control.read(commandId);
        if (!command) throw new Error('gone');
        const result = await take(command, one);
        const who = voters[one.by];
        if (model.status === 'PENDING_APPROVAL' && one.kind === 'expire' && isLate) model.status = 'EXPIRED';
        else if (model.status === 'PENDING_APPROVAL' && !isLate && who) {
          if (one.kind === 'deny') model.status = 'DENIED';
          if (one.kind === 'cancel') model.status = 'CANCELLED';
          if (one.kind === 'approve') {
            model.votes.add(who.userId);
            if (model.votes.size >= 2 && (model.votes.has(7) || model.votes.has(8))) {
              model.status = 'APPROVED';
              model.deliverUntilMs = control.now.ms + 300_000;
            }
          }
        } else if (model.status === 'APPROVED' && one.kind === 'cancel') model.status = 'CANCELLED';
        else if (
          model.status === 'APPROVED' &&
          one.kind === 'expire' &&
          control.now.ms >= model.deliverUntilMs
        )
          model.status = 'EXPIRED';
        const after = await control.read(commandId);
        expect({ status: after?.status, step: one, ok: result.ok }).toMatchObject({ status: model.status });
        expect(new Set(after?.votes?.map(({ userId }) => userId))).toEqual(model.votes);
      }
    }),
    { numRuns: 25 },
  );
}, 120_000);

/** What a history of events may look like: votes of different people, at most one end of the waiting, then at most a cancellation. */
const isLinear = (types: readonly string[]) =>
  /^proposed( voted)*( approved( cancelled| expired)?| denied| cancelled| expired)?$/.test(types.join(' '));

test('however approvals, denials, cancellations and the expiry race: one outcome, no vote lost, none counted twice', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 2, maxLength: 10 }), fc.boolean(), async (steps, late) => {
      const command = await ask();
      if (late) control.now.ms = Math.max(control.now.ms, command.expiresAtMs);
      const results = await Promise.all(steps.map((one, at) => take(command, one, at)));
      const after = await control.read(command.commandId);
      const history = await eventsOf(command.commandId);
      const types = history.map(({ type }) => type);
      expect(isLinear(types), types.join(' ')).toBe(true);
      const approving = history
        .filter(({ type }) => type === 'voted' || type === 'approved')
        .map(({ user }) => user);
      expect(new Set(approving).size).toBe(approving.length);
      expect(after?.votes?.map(({ userId }) => String(userId))).toEqual(approving);
      // A yes that was answered as counted stands on record; one that was refused does not.
      steps.forEach((one, at) => {
        const who = voters[one.by];
        if (one.kind !== 'approve' || !who || !results[at]?.ok) return;
        expect(after?.votes?.some(({ userId }) => userId === who.userId)).toBe(true);
      });
      const last = types.at(-1);
      const ends: Record<string, string> = {
        approved: 'APPROVED',
        denied: 'DENIED',
        cancelled: 'CANCELLED',
        expired: 'EXPIRED',
      };
      expect(after?.status).toBe(ends[last ?? ''] ?? 'PENDING_APPROVAL');
      if (after?.need && after.status === 'APPROVED')
        expect(
          isComplete({
            requestedBy: after.requestedBy,
            need: after.need,
            votes: after.votes ?? [],
            selectionHash: after.selectionHash ?? '',
          }),
        ).toBe(true);
      if (after?.need && after.status === 'PENDING_APPROVAL') {
        const ballot = {
          requestedBy: after.requestedBy,
          need: after.need,
          votes: after.votes ?? [],
          selectionHash: after.selectionHash ?? '',
        };
        expect(isComplete(ballot)).toBe(false);
        expect(countedVotes(ballot)).toHaveLength(approving.length);
      }
    }),
    { numRuns: 30 },
  );
  expect(await control.verifyAudit(siteId)).toMatchObject({ verdict: { intact: true } });
}, 180_000);
