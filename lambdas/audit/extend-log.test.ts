import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { AuditExport } from '../../contracts/api-audit.ts';
import { exportEvents, proveConsistency, proveInclusion } from './prove-log.ts';
import { aLog, who } from './test-log.ts';
import { verifyFiles } from './verify-files.ts';

const bodyOf = <T>(result: { ok: true; value: T } | { ok: false }) => {
  if (!result.ok) throw new Error('refused');
  return result.value;
};
const file = (name: string, value: unknown) => ({ name, text: JSON.stringify(value) });

test('signs what continues the log, and hands out files that verify with the public key alone', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 2, maxLength: 4 }),
      async (steps) => {
        const log = aLog();
        for (const step of steps) {
          log.grow(step);
          expect(await log.extend()).toEqual({ outcome: 'extended', size: log.links.length });
          expect(await log.extend()).toEqual({ outcome: 'current', size: log.links.length });
        }
        const pages: AuditExport[] = [];
        for (let from: number | undefined = 1; from !== undefined; from = pages.at(-1)?.next_seq)
          pages.push(bodyOf(await exportEvents(log.prove)(who, 1, from, 250)));
        const seq = Math.ceil(log.links.length / 2);
        const files = [
          ...pages.map((page, at) => file(`page-${at}`, page)),
          file('inclusion', bodyOf(await proveInclusion(log.prove)(who, 1, seq))),
          file('consistency', bodyOf(await proveConsistency(log.prove)(who, 1, steps[0] ?? 1))),
        ];
        const verdict = verifyFiles(files, log.pem);
        expect(verdict.findings.filter(({ ok }) => !ok)).toEqual([]);
        expect(verdict).toMatchObject({ intact: true, events: log.links.length });
        expect(verdict.findings.map(({ says }) => says)).toEqual(
          expect.arrayContaining([
            expect.stringContaining('inclusion of event'),
            expect.stringContaining('continues that of'),
            expect.stringContaining('signature and root'),
          ]),
        );
        expect(verifyFiles(files, aLog().pem).intact).toBe(false);
        expect(verifyFiles(files.slice(1), log.pem).intact).toBe(false);
      },
    ),
    { numRuns: 12 },
  );
});

test('never signs a log whose past was changed', async () => {
  const log = aLog();
  log.grow(300);
  await log.extend();
  log.grow(20);
  const at = log.links[305];
  if (!at) throw new Error('too short');
  log.links[305] = { ...at, event: { ...at.event, actor_id: 'other' } };
  expect(await log.extend()).toMatchObject({ outcome: 'broken', fault: { seq: 306, code: 'altered' } });
  log.links[305] = at;
  log.latest()?.edge[1]?.fill(7, 0, 1);
  expect(await log.extend()).toEqual({ outcome: 'broken', fault: 'tree' });
});

test('names every event that an export was altered in', async () => {
  const log = aLog();
  log.grow(40);
  await log.extend();
  const page = bodyOf(await exportEvents(log.prove)(who, 1, 1, 250));
  for (let at = 0; at < 40; at++) {
    const events = page.events.map((one, index) => (index === at ? { ...one, actor_id: 'x' } : one));
    expect(verifyFiles([file('page', { ...page, events })], log.pem).findings).toContainEqual(
      expect.objectContaining({ ok: false, says: expect.stringContaining(`event ${at + 1}:`) }),
    );
    const without = page.events.filter((_, index) => index !== at);
    expect(verifyFiles([file('page', { ...page, events: without })], log.pem).intact).toBe(false);
  }
});
