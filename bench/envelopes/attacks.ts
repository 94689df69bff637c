import { randomBytes } from 'node:crypto';
import type { CommandEnvelope, CommandOrder, RefusalCode } from '../../contracts/command.ts';
import { anEnvelope, bytesOf, issuedAtMs, signed } from '../../edge-greengrass/test-kit/envelopes.ts';
import { place } from '../../edge-greengrass/test-kit/memory-bus.ts';

/** One message to a gateway that must not be obeyed, and the codes with which it may be refused. */
export type Attack = { readonly bytes: Uint8Array; readonly codes: readonly RefusalCode[] };
export type Attacker = {
  /** In [0, 1). */
  readonly random: () => number;
  /** The highest sequence that the gateway has taken. */
  readonly lastSequence: number;
  /** An envelope that the gateway has obeyed. */
  readonly obeyed: CommandEnvelope;
};

const led: CommandOrder = { type: 'LED', params: { on: true } };
const otherSecret = Buffer.from('the secret of quite another gate').toString('base64');
const structure = ['MALFORMED', 'WRONG_SITE', 'WRONG_GATEWAY', 'UNKNOWN_KEY', 'BAD_SIGNATURE'] as const;
const below = (random: () => number, end: number) => Math.floor(random() * end);
const text = (random: () => number) => `x-${below(random, 2 ** 32).toString(36)}`;
const nonce = () => randomBytes(16).toString('base64url');

/** A field of a signed envelope changed to something else that it may hold. */
const changedField = ({ random }: Attacker): Attack => {
  const envelope = anEnvelope(led);
  const changes: readonly [Partial<CommandEnvelope>, RefusalCode][] = [
    [{ commandId: text(random) }, 'BAD_SIGNATURE'],
    [{ siteId: place.siteId + 1 + below(random, 1_000) }, 'WRONG_SITE'],
    [{ gatewayId: `gw-${text(random)}` }, 'WRONG_GATEWAY'],
    [{ minerId: text(random) }, 'BAD_SIGNATURE'],
    [{ order: { type: 'HASHING_DISABLE', params: {} } }, 'BAD_SIGNATURE'],
    [{ order: { type: 'LED', params: { on: false } } }, 'BAD_SIGNATURE'],
    [{ priority: envelope.priority === 1 ? 2 : 1 }, 'BAD_SIGNATURE'],
    [{ issuedAtMs: envelope.issuedAtMs + 1 + below(random, 1_000) }, 'BAD_SIGNATURE'],
    [{ expiresAtMs: envelope.expiresAtMs + 1 + below(random, 10 ** 9) }, 'BAD_SIGNATURE'],
    [{ dedupeKey: text(random) }, 'BAD_SIGNATURE'],
    [{ nonce: nonce() }, 'BAD_SIGNATURE'],
    [{ sequence: envelope.sequence + 1 + below(random, 1_000) }, 'BAD_SIGNATURE'],
    [{ keyId: text(random) }, 'UNKNOWN_KEY'],
    [{ approvers: [`user:${below(random, 1_000) + 100}`] }, 'BAD_SIGNATURE'],
    [{ signature: Buffer.from(randomBytes(32)).toString('base64') }, 'BAD_SIGNATURE'],
  ];
  const [change, code] = changes[below(random, changes.length)] ?? [{}, 'BAD_SIGNATURE'];
  return { bytes: bytesOf({ ...envelope, ...change }), codes: [code] };
};

const flippedBits = ({ random }: Attacker): Attack => {
  const whole = bytesOf(anEnvelope(led));
  const bytes = Uint8Array.from(whole);
  for (let flips = 1 + below(random, 3); flips > 0 || Buffer.compare(bytes, whole) === 0; flips--) {
    const at = below(random, bytes.length);
    bytes[at] = (bytes[at] ?? 0) ^ (1 << below(random, 8));
  }
  return { bytes, codes: structure };
};

const brokenText = ({ random }: Attacker): Attack => {
  const envelope = anEnvelope(led);
  const whole = bytesOf(envelope);
  const ways = [
    () => whole.subarray(0, below(random, whole.length)),
    () => randomBytes(below(random, 400)),
    () => bytesOf({ ...envelope, [text(random)]: 1 }),
    () => bytesOf([envelope]),
    () => Buffer.concat([whole, Buffer.from('}')]),
    () => bytesOf({ ...envelope, approvers: [text(random).repeat(10_000)] }),
    () => bytesOf({ ...envelope, sequence: -1 }),
    () => bytesOf({ ...envelope, order: { type: 'LED', params: { on: true, also: 1 } } }),
    () => bytesOf({ ...envelope, version: 2 }),
  ];
  return { bytes: ways[below(random, ways.length)]?.() ?? whole.subarray(1), codes: ['MALFORMED'] };
};

/** Rightly signed by the gateway's own cloud, for somebody else. */
const forOthers = ({ random }: Attacker): Attack =>
  random() < 0.5
    ? {
        bytes: bytesOf(anEnvelope(led, { siteId: place.siteId + 1 + below(random, 10_000) })),
        codes: ['WRONG_SITE'],
      }
    : {
        bytes: bytesOf(anEnvelope(led, { gatewayId: `gw-${text(random)}` })),
        codes: ['WRONG_GATEWAY'],
      };

const otherKeys = ({ random }: Attacker): Attack =>
  random() < 0.5
    ? { bytes: bytesOf(anEnvelope(led, { keyId: text(random) })), codes: ['UNKNOWN_KEY'] }
    : {
        bytes: bytesOf(signed({ ...anEnvelope(led), signature: undefined }, otherSecret)),
        codes: ['BAD_SIGNATURE', 'MALFORMED'],
      };

const untimely = ({ random }: Attacker): Attack => {
  const awayMs = 60_000 + below(random, 10 ** 9);
  const early = random() < 0.5;
  return {
    bytes: bytesOf(
      anEnvelope(led, {
        issuedAtMs: issuedAtMs + (early ? awayMs : -awayMs - 60_000),
        expiresAtMs: issuedAtMs + (early ? awayMs + 60_000 : -awayMs),
      }),
    ),
    codes: [early ? 'NOT_YET_VALID' : 'EXPIRED'],
  };
};

/** In good order but for its sequence, which a newer one has overtaken. */
const reordered = ({ random, lastSequence }: Attacker): Attack => ({
  bytes: bytesOf(anEnvelope(led, { sequence: 1 + below(random, lastSequence) })),
  codes: ['STALE_SEQUENCE'],
});

/** What was obeyed before, once more under new clothes: signed again, with its nonce or its command id. */
const replayed = ({ random, obeyed, lastSequence }: Attacker): Attack => {
  const { signature: _, ...rest } = obeyed;
  const ways = [
    { ...rest, sequence: lastSequence + 1, commandId: text(random) },
    { ...rest, sequence: lastSequence + 1, nonce: nonce(), order: { type: 'HASHING_DISABLE', params: {} } },
    { ...rest, sequence: lastSequence + 1, commandId: text(random), dedupeKey: text(random) },
  ];
  return { bytes: bytesOf(signed(ways[below(random, ways.length)] ?? rest)), codes: ['REPLAYED_NONCE'] };
};

const beyondAbility = ({ random, lastSequence }: Attacker): Attack => {
  const sequence = lastSequence + 1;
  return random() < 0.5
    ? {
        bytes: bytesOf(anEnvelope(led, { minerId: text(random), sequence })),
        codes: ['UNKNOWN_MINER'],
      }
    : {
        bytes: bytesOf(anEnvelope({ type: 'SET_FAN', params: { dutyPct: 80 } }, { sequence })),
        codes: ['UNSUPPORTED'],
      };
};

/** Every kind of attack, by what it is called in the table. */
export const attacks: Readonly<Record<string, (by: Attacker) => Attack>> = {
  'bits flipped': flippedBits,
  'a field changed': changedField,
  'not an envelope': brokenText,
  'another site’s or gateway’s': forOthers,
  'another key': otherKeys,
  'expired or not yet valid': untimely,
  'behind a newer sequence': reordered,
  'nonce or command id used before': replayed,
  'miner or order that the gateway cannot': beyondAbility,
};
