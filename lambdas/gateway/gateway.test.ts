import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  certificateUse,
  type GatewayRecord,
  type KeySet,
  lastGeneration,
  newGatewayRecord,
  revoked,
  servesZone,
  tokenUse,
  withCertificate,
  withKeySet,
} from './gateway.ts';
import { claimIdOf, hashOf, newClaimCode, newDeviceToken, placeOfToken, sameHash } from './secrets.ts';

const nowMs = 1_800_000_000_000;
const fresh = () =>
  newGatewayRecord(
    { tenantId: 'demo', siteId: 7 },
    { gateway_id: 'gw.1', name: 'Gateway', zone_ids: 'all' },
    '2027-01-15T08:00:00.000Z',
  );
const setOf = (generation: number): KeySet => ({
  generation,
  key_id: `k-${generation}`,
  sealed_secret: Uint8Array.of(generation),
  token_hash: hashOf(`token ${generation}`),
  issued_at_ms: nowMs,
  token_expires_at_ms: nowMs + 1_000,
});
const certificate = (n: number) => ({
  certificate_id: hashOf(`cert ${n}`),
  public_key_hash: hashOf(`key ${n}`),
});

describe('tokens and claims', () => {
  it('name their gateway, also one with dots in its name, and are told apart from anything else', () => {
    const token = newDeviceToken(7, 'gw.1-a_b');
    expect(placeOfToken(token)).toEqual({ siteId: 7, gatewayId: 'gw.1-a_b' });
    for (const wrong of [
      '',
      token.slice(1),
      `${token}x`,
      token.slice(0, -1),
      token.replace('.7.', '.0.'),
      'hid.7..',
    ])
      expect(placeOfToken(wrong)).toBeUndefined();
    const { claimId, code } = newClaimCode();
    expect(claimIdOf(code)).toBe(claimId);
    expect(claimIdOf(`${code}x`)).toBeUndefined();
  });

  it('are compared as whole hashes', () => {
    expect(sameHash(hashOf('a'), hashOf('a'))).toBe(true);
    expect(sameHash(hashOf('a'), hashOf('b'))).toBe(false);
    for (const none of ['', 'ab', 'zz'.repeat(32)]) expect(sameHash(none, none)).toBe(false);
  });
});

describe('a gateway’s credentials', () => {
  it('let the first set count at once, and the next beside it until its first use', () => {
    const first = withKeySet(fresh(), setOf(1));
    expect(first).toMatchObject({ status: 'active', generation: 1, key_id: 'k-1' });
    const both = withKeySet(first, setOf(2));
    expect(both).toMatchObject({ generation: 1, key_id: 'k-1', next: { generation: 2 } });
    expect(tokenUse(both, hashOf('token 1'), nowMs)).toEqual({ kind: 'current' });
    const use = tokenUse(both, hashOf('token 2'), nowMs);
    if (use.kind !== 'taken_up') throw new Error('not taken up');
    expect(use.record).toMatchObject({ generation: 2, key_id: 'k-2' });
    expect(use.record.next).toBeUndefined();
    expect(tokenUse(use.record, hashOf('token 1'), nowMs)).toEqual({ kind: 'refused', why: 'unknown' });
    expect(tokenUse(use.record, hashOf('token 2'), nowMs)).toEqual({ kind: 'current' });
  });

  it('end with their time, and with a revocation', () => {
    const record = withKeySet(withKeySet(fresh(), setOf(1)), setOf(2));
    for (const token of ['token 1', 'token 2'])
      expect(tokenUse(record, hashOf(token), nowMs + 1_000)).toEqual({ kind: 'refused', why: 'expired' });
    const gone = revoked(withCertificate(record, certificate(1)));
    expect(gone).toMatchObject({ status: 'revoked', generation: 2, certificates: [] });
    expect(JSON.stringify(gone)).not.toContain(hashOf('token 1'));
    for (const token of ['token 1', 'token 2'])
      expect(tokenUse(gone, hashOf(token), nowMs)).toEqual({ kind: 'refused', why: 'revoked' });
  });

  it('forget a request to rotate with the set that answers it, and not with one from before it', () => {
    const asked = { ...withKeySet(fresh(), setOf(1)), rotation_requested_ms: nowMs + 5 };
    const early = tokenUse(withKeySet(asked, setOf(2)), hashOf('token 2'), nowMs);
    const later = tokenUse(
      withKeySet(asked, { ...setOf(2), issued_at_ms: nowMs + 6 }),
      hashOf('token 2'),
      nowMs,
    );
    expect(early.kind === 'taken_up' && early.record.rotation_requested_ms).toBe(nowMs + 5);
    expect(later.kind === 'taken_up' && later.record.rotation_requested_ms).toBeUndefined();
  });

  it('serve the zones that they are bound to', () => {
    expect(servesZone('all', 'z')).toBe(true);
    expect(servesZone(['y', 'z'], 'z')).toBe(true);
    expect(servesZone(['y'], 'z')).toBe(false);
  });
});

/**
 * A gateway that may stop at any moment, and a cloud whose answers may be lost, come late or twice. The gateway keeps what it is given
 * before it uses it, tries the newest first, and lets go of the older only when the newer was taken.
 */
describe('rotation under loss, delay and crashes', () => {
  type World = {
    record: GatewayRecord;
    /** On the gateway's disk, newest first. */
    tokens: number[];
    certificates: number[];
    /** Answers on their way. */
    sets: number[];
    made: number[];
    /** Connections whose lifecycle event the cloud has not seen. */
    seen: number[];
    counter: number;
  };
  const useNewest = (world: World) => {
    for (const [at, token] of world.tokens.entries()) {
      const use = tokenUse(world.record, hashOf(`token ${token}`), nowMs);
      if (use.kind === 'refused') continue;
      if (use.kind === 'taken_up') world.record = { ...use.record, version: world.record.version + 1 };
      // Those after it are older; those before it were refused, so they never counted.
      return at;
    }
    return -1;
  };
  const active = (world: World, certificateNumber: number) =>
    world.record.certificates.some(
      ({ certificate_id }) => certificate_id === certificate(certificateNumber).certificate_id,
    );

  const steps: Record<string, (world: World) => void> = {
    begin: (world) => {
      if (useNewest(world) < 0) return;
      world.counter++;
      const set = {
        ...setOf(lastGeneration(world.record) + 1),
        token_hash: hashOf(`token ${world.counter}`),
      };
      world.record = withKeySet(world.record, set);
      world.sets.push(world.counter);
      if (world.record.certificates.length >= 5) return;
      world.record = withCertificate(world.record, certificate(world.counter));
      world.made.push(world.counter);
    },
    store: (world) => {
      const set = world.sets.shift();
      if (set !== undefined) world.tokens.unshift(set);
      const made = world.made.shift();
      if (made !== undefined) world.certificates.unshift(made);
    },
    storeLate: (world) => {
      const set = world.sets.pop();
      if (set !== undefined) world.tokens.unshift(set);
      const made = world.made.pop();
      if (made !== undefined) world.certificates.unshift(made);
    },
    lose: (world) => {
      world.sets.shift();
      world.made.shift();
    },
    use: (world) => {
      const at = useNewest(world);
      if (at >= 0) world.tokens = [world.tokens[at] ?? 0];
    },
    useAndCrash: (world) => void useNewest(world),
    connect: (world) => {
      const at = world.certificates.findIndex((one) => active(world, one));
      if (at < 0) return;
      const used = world.certificates[at] ?? 0;
      world.seen.push(used);
      // Up with the newest that counts: the older ones go. A newer one that was refused never counted.
      world.certificates = [used];
    },
    connectAndCrash: (world) => {
      const used = world.certificates.find((one) => active(world, one));
      if (used !== undefined) world.seen.push(used);
    },
    hear: (world) => {
      const used = world.seen.shift();
      const change =
        used === undefined ? undefined : certificateUse(world.record, certificate(used).certificate_id);
      if (change) world.record = change.record;
    },
    hearLate: (world) => {
      const used = world.seen.pop();
      const change =
        used === undefined ? undefined : certificateUse(world.record, certificate(used).certificate_id);
      if (change) world.record = change.record;
    },
  };

  it('never leaves a gateway without a token and a certificate that count', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...Object.keys(steps)), { maxLength: 60 }), (names) => {
        const world: World = {
          record: withCertificate(
            withKeySet(fresh(), { ...setOf(1), token_hash: hashOf('token 0') }),
            certificate(0),
          ),
          tokens: [0],
          certificates: [0],
          sets: [],
          made: [],
          seen: [],
          counter: 0,
        };
        for (const name of names) {
          steps[name]?.(world);
          const counts = world.tokens.some(
            (token) => tokenUse(world.record, hashOf(`token ${token}`), nowMs).kind !== 'refused',
          );
          expect({ name, token: counts }).toEqual({ name, token: true });
          expect({ name, certificate: world.certificates.some((one) => active(world, one)) }).toEqual({
            name,
            certificate: true,
          });
        }
      }),
      { numRuns: 3_000 },
    );
  });
});
