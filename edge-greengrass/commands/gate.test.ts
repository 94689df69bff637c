import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  type CommandEnvelope,
  commandResponse,
  type RefusalCode,
  safetyEvent,
} from '../../contracts/command.ts';
import { logNothing } from '../log.ts';
import { reportsTo } from '../reports.ts';
import { vaultOf } from '../sealing/disk-vault.ts';
import { Outbox } from '../state/outbox.ts';
import { StateFile } from '../state/state-file.ts';
import { anEnvelope, bytesOf, issuedAtMs, keyId, secret, signed } from '../test-kit/envelopes.ts';
import { place } from '../test-kit/memory-bus.ts';
import { commandGate } from './gate.ts';
import { Journal } from './journal.ts';

const led = { type: 'LED', params: { on: true } } as const;
const otherSecret = Buffer.from('another secret of thirty-two byt').toString('base64');

const open = () => {
  const state = new StateFile(':memory:');
  const outbox = new Outbox(state);
  const started: string[] = [];
  let nowMs = issuedAtMs + 1_000;
  let halted = false;
  const journal = new Journal(state, vaultOf(Buffer.alloc(32, 1)));
  const gate = commandGate({
    state,
    journal,
    reports: reportsTo({ outbox, place, nowMs: () => nowMs, log: logNothing, wake: () => {} }),
    context: { ...place, keys: new Map([[keyId, secret]]) },
    clockSkewMs: 5_000,
    nowMs: () => nowMs,
    isHalted: () => halted,
    judge: ({ minerId, order }) =>
      minerId !== 'm-1'
        ? { code: 'UNKNOWN_MINER', detail: 'no such miner' }
        : order.type === 'SET_FAN'
          ? { code: 'UNSUPPORTED', detail: 'no fan command' }
          : undefined,
    start: (id) => started.push(id),
  });
  const told = () => {
    const items = outbox
      .next(1_000)
      .map(({ topic, payload }) => ({ topic, json: JSON.parse(Buffer.from(payload).toString()) }));
    return {
      responses: items
        .filter(({ topic }) => topic.endsWith('/response'))
        .map(({ json }) => commandResponse.parse(json)),
      alarms: items
        .filter(({ topic }) => topic.endsWith('/safety'))
        .map(({ json }) => safetyEvent.parse(json)),
    };
  };
  return {
    gate,
    journal,
    started,
    told,
    setNow: (ms: number) => (nowMs = ms),
    setHalted: (now: boolean) => (halted = now),
  };
};
let site: ReturnType<typeof open>;
beforeEach(() => {
  site = open();
});
const send = (envelope: unknown) => site.gate(bytesOf(envelope));
const refusedWith = (code: RefusalCode) => {
  const { responses, alarms } = site.told();
  expect(responses.at(-1)).toMatchObject({ outcome: 'refused', code });
  expect(alarms.at(-1)).toMatchObject({ kind: 'command_refused', code });
  expect(site.started).toEqual([]);
};

describe('command gate', () => {
  it('accepts what is signed, in time, in order and possible', () => {
    const envelope = anEnvelope(led);
    send(envelope);
    expect(site.started).toEqual([envelope.commandId]);
    expect(site.told()).toEqual({
      responses: [expect.objectContaining({ outcome: 'accepted', commandId: envelope.commandId })],
      alarms: [],
    });
    expect(site.journal.find(envelope.commandId)).toMatchObject({ phase: 'accepted', envelope });
  });

  it.each<[RefusalCode, CommandEnvelope | Record<string, unknown>]>([
    ['MALFORMED', { ...anEnvelope(led), approvers: [] }],
    ['MALFORMED', { ...anEnvelope(led), extra: 1 }],
    ['WRONG_SITE', anEnvelope(led, { siteId: 8 })],
    ['WRONG_GATEWAY', anEnvelope(led, { gatewayId: 'gw-8' })],
    ['UNKNOWN_KEY', anEnvelope(led, { keyId: 'k-9' })],
    ['BAD_SIGNATURE', signed({ ...anEnvelope(led) }, otherSecret)],
    ['EXPIRED', anEnvelope(led, { issuedAtMs: issuedAtMs - 9_000, expiresAtMs: issuedAtMs - 4_000 })],
    ['EXPIRED', anEnvelope(led, { expiresAtMs: issuedAtMs - 1 })],
    ['NOT_YET_VALID', anEnvelope(led, { issuedAtMs: issuedAtMs + 6_001, expiresAtMs: issuedAtMs + 60_000 })],
    ['UNKNOWN_MINER', anEnvelope(led, { minerId: 'm-9' })],
    ['UNSUPPORTED', anEnvelope({ type: 'SET_FAN', params: { dutyPct: 80 } })],
  ])('refuses with %s, answering and raising a safety event', (code, envelope) => {
    send(envelope);
    refusedWith(code);
  });

  it('judges in the stated order: site before signature, signature before time, miner before ability', () => {
    send({ ...anEnvelope(led, { siteId: 8 }), signature: 'AAAA' });
    refusedWith('WRONG_SITE');
    send({ ...anEnvelope(led, { expiresAtMs: issuedAtMs - 10_000 }), signature: 'AAAA' });
    refusedWith('BAD_SIGNATURE');
    send(anEnvelope({ type: 'SET_FAN', params: { dutyPct: 80 } }, { minerId: 'm-9' }));
    refusedWith('UNKNOWN_MINER');
  });

  it('refuses what is new while it is halted, and still answers for what it did before', () => {
    const first = anEnvelope(led);
    send(first);
    site.setHalted(true);
    const second = anEnvelope(led);
    send(second);
    send(first);
    expect(site.started).toEqual([first.commandId]);
    expect(site.told().responses).toMatchObject([
      { outcome: 'accepted', commandId: first.commandId },
      { outcome: 'refused', code: 'HALTED', commandId: second.commandId },
      { outcome: 'accepted', commandId: first.commandId },
    ]);
    site.setHalted(false);
    send(second);
    expect(site.started).toEqual([first.commandId]);
    expect(site.told().responses.at(-1)).toMatchObject({ outcome: 'refused', code: 'HALTED' });
  });

  it('raises an event for bytes that are no envelope, and answers nobody', () => {
    site.gate(new Uint8Array([0xff, 0xfe, 0x7b]));
    site.gate(new Uint8Array(65 * 1024));
    expect(site.told()).toMatchObject({
      responses: [],
      alarms: [{ code: 'MALFORMED' }, { code: 'MALFORMED' }],
    });
  });

  it('tolerates clocks that differ by the stated skew', () => {
    site.setNow(issuedAtMs - 5_000);
    send(anEnvelope(led));
    site.setNow(issuedAtMs + 60_000 + 4_999);
    send(anEnvelope(led));
    expect(site.started).toHaveLength(2);
  });

  it('refuses every altered byte', () => {
    const bytes = bytesOf(
      anEnvelope({
        type: 'POOL_SET',
        params: { pools: [{ url: 'stratum+tcp://p.example:3333', user: 'w', password: 'x' }] },
      }),
    );
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, mask) => {
        const fresh = open();
        const altered = Uint8Array.from(bytes);
        altered[at] = (altered[at] ?? 0) ^ mask;
        fresh.gate(altered);
        expect(fresh.started).toEqual([]);
        expect(fresh.told().alarms).toHaveLength(1);
      }),
      { numRuns: 400 },
    );
    site.gate(bytes);
    expect(site.started).toHaveLength(1);
  });

  it('gives a redelivered envelope the answer that stands, without effect or alarm, even when it has expired', () => {
    const envelope = anEnvelope(led);
    send(envelope);
    site.journal.done(envelope.commandId, {
      version: 1,
      commandId: envelope.commandId,
      ...place,
      atMs: issuedAtMs,
      outcome: 'succeeded',
    });
    site.setNow(issuedAtMs + 900_000);
    send(envelope);
    expect(site.started).toHaveLength(1);
    expect(site.told().responses.map(({ outcome }) => outcome)).toEqual(['accepted', 'succeeded']);
    expect(site.told().alarms).toEqual([]);
  });

  it('alarms once for a refused envelope that is redelivered', () => {
    const envelope = anEnvelope(led, { minerId: 'm-9' });
    send(envelope);
    send(envelope);
    expect(site.told().responses).toHaveLength(2);
    expect(site.told().alarms).toHaveLength(1);
  });

  it('refuses another envelope with a spent nonce or sequence, and an older sequence after a newer', () => {
    const first = anEnvelope(led);
    send(first);
    send(anEnvelope(led, { nonce: first.nonce }));
    expect(site.told().alarms.at(-1)).toMatchObject({ code: 'REPLAYED_NONCE' });
    send(anEnvelope(led, { sequence: first.sequence }));
    expect(site.told().alarms.at(-1)).toMatchObject({ code: 'STALE_SEQUENCE' });
    send(anEnvelope(led, { sequence: first.sequence - 1 }));
    expect(site.told().alarms.at(-1)).toMatchObject({ code: 'STALE_SEQUENCE' });
    expect(site.started).toEqual([first.commandId]);
  });

  it('answers for a command id signed anew, and refuses it for another order', () => {
    const first = anEnvelope(led);
    send(first);
    send(anEnvelope(led, { commandId: first.commandId }));
    expect(site.told().responses.map(({ outcome }) => outcome)).toEqual(['accepted', 'accepted']);
    send(anEnvelope({ type: 'LED', params: { on: false } }, { commandId: first.commandId }));
    expect(site.told().alarms).toMatchObject([{ code: 'REPLAYED_NONCE' }]);
    expect(site.started).toHaveLength(1);
  });

  it('starts each command at most once and only in rising sequence, in whatever order and however often they come', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(5), { minLength: 1, maxLength: 30 }), (picks) => {
        const fresh = open();
        const envelopes = Array.from({ length: 6 }, () => anEnvelope(led));
        const expected: number[] = [];
        for (const pick of picks) {
          if (pick > (expected.at(-1) ?? -1)) expected.push(pick);
          fresh.gate(bytesOf(envelopes[pick]));
        }
        expect(fresh.started).toEqual(expected.map((pick) => envelopes[pick]?.commandId));
      }),
      { numRuns: 200 },
    );
  });
});
