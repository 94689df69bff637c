import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { safetyEvent } from '../../contracts/command.ts';
import type { UnsignedHalt } from '../../contracts/halt.ts';
import { logNothing } from '../log.ts';
import { reportsTo } from '../reports.ts';
import { Outbox } from '../state/outbox.ts';
import { StateFile } from '../state/state-file.ts';
import { bytesOf, issuedAtMs, keyId, secret, signed } from '../test-kit/envelopes.ts';
import { place } from '../test-kit/memory-bus.ts';
import { haltSwitch } from './halt-switch.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'halt-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const open = (where = directory, nowMs = issuedAtMs) => {
  const state = new StateFile(where);
  const outbox = new Outbox(state);
  const halt = haltSwitch({
    state,
    reports: reportsTo({ outbox, place, nowMs: () => nowMs, log: logNothing, wake: () => {} }),
    context: { ...place, keys: new Map([[keyId, secret]]) },
    log: logNothing,
    nowMs: () => nowMs,
    clockSkewMs: 5_000,
  });
  const codes = () =>
    outbox
      .next(1_000)
      .map(({ payload }) => safetyEvent.parse(JSON.parse(Buffer.from(payload).toString())).code);
  return { state, halt, codes };
};
const message = (halted: boolean, epoch: number, changes: Partial<UnsignedHalt> = {}) => {
  const unsigned: UnsignedHalt = {
    version: 1,
    kind: 'halt',
    ...place,
    halted,
    epoch,
    issuedAtMs,
    keyId,
    ...changes,
  };
  return bytesOf(signed(unsigned));
};

describe('the kill switch at a gateway', () => {
  it('is as the highest epoch says, in whatever order messages come, over restarts', () => {
    const states = fc.array(fc.boolean(), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(
        states.chain((halted) =>
          fc.record({
            halted: fc.constant(halted),
            order: fc.array(fc.record({ at: fc.nat(halted.length - 1), restart: fc.boolean() }), {
              minLength: 1,
              maxLength: 20,
            }),
          }),
        ),
        ({ halted, order }) => {
          const own = mkdtempSync(join(directory, 'run-'));
          let gateway = open(own);
          let highest = -1;
          expect(gateway.halt.isHalted()).toBe(false);
          for (const { at, restart } of order) {
            gateway.halt.take(message(halted[at] ?? false, at));
            highest = Math.max(highest, at);
            if (restart) {
              gateway.state.close();
              gateway = open(own);
            }
            expect(gateway.halt.isHalted()).toBe(halted[highest]);
          }
          gateway.state.close();
        },
      ),
      { numRuns: 15 },
    );
  });

  it('takes no word but a signed one of its own', () => {
    const { halt, codes } = open();
    halt.take(message(true, 3));
    const lifted = JSON.parse(Buffer.from(message(false, 9)).toString());
    halt.take(new Uint8Array([0xff]));
    halt.take(bytesOf({ ...lifted, extra: 1 }));
    halt.take(message(false, 9, { siteId: 8 }));
    halt.take(message(false, 9, { gatewayId: 'gw-8' }));
    halt.take(message(false, 9, { keyId: 'k-9' }));
    halt.take(bytesOf({ ...lifted, epoch: 10 }));
    halt.take(bytesOf({ ...lifted, signature: 'AAAA' }));
    expect(halt.isHalted()).toBe(true);
    expect(codes()).toEqual([
      'HALTED',
      'MALFORMED',
      'MALFORMED',
      'WRONG_SITE',
      'WRONG_GATEWAY',
      'UNKNOWN_KEY',
      'BAD_SIGNATURE',
      'BAD_SIGNATURE',
    ]);
    halt.take(message(false, 4));
    expect(halt.isHalted()).toBe(false);
  });

  it.each([
    ['a word that is none', "UPDATE halt SET halted = 'maybe'"],
    ['an epoch that is none', 'UPDATE halt SET epoch = -1'],
    ['no table', 'DROP TABLE halt'],
  ])('counts what it cannot read as halted: %s', (_, damage) => {
    const { state, halt } = open();
    halt.take(message(false, 1));
    expect(halt.isHalted()).toBe(false);
    state.db.exec(damage);
    expect(halt.isHalted()).toBe(true);
  });

  it('lifts what it cannot read only by a message made since it started', () => {
    const { state, halt } = open(':memory:', issuedAtMs + 60_000);
    state.db.exec("INSERT INTO halt (one, halted, epoch) VALUES (1, '?', 7)");
    halt.take(message(false, 9));
    expect(halt.isHalted()).toBe(true);
    halt.take(message(false, 9, { issuedAtMs: issuedAtMs + 60_000 }));
    expect(halt.isHalted()).toBe(false);
  });
});
