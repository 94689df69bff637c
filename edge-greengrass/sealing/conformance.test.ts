import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type SealingContext, sealedValue } from '../../contracts/sealed.ts';
import type { KeyWrapper, Wrapped } from './key-wrapper.ts';
import { openSealer, openValue, openValues, sealValue } from './seal-value.ts';
import { SealingError, type SealingFault } from './sealing-error.ts';
import { startAwsSubject } from './test-kit/aws-subject.ts';
import { startAzureSubject } from './test-kit/azure-wire.ts';
import { startGcpSubject } from './test-kit/gcp-wire.ts';
import { startLocalSubject } from './test-kit/local-subject.ts';
import { startSoftHsm, whyNoSoftHsm } from './test-kit/softhsm.ts';
import type { Subject } from './test-kit/subject.ts';

const context: SealingContext = { tenant: 'demo', site: 7, gateway: 'gw-7', purpose: 'miner-access' };
const otherContexts: readonly SealingContext[] = [
  { ...context, tenant: 'rival' },
  { ...context, site: 8 },
  { ...context, gateway: 'gw-8' },
  { ...context, purpose: 'inventory-backup' },
  { site: 7, purpose: 'miner-access' },
];

/** The fault of what must fail; every failure is a SealingError, whose text is kept for the last test. */
const errors: SealingError[] = [];
const faultOf = async (work: () => Promise<unknown>): Promise<SealingFault | 'none' | 'other'> => {
  try {
    await work();
    return 'none';
  } catch (error) {
    if (!(error instanceof SealingError)) return 'other';
    errors.push(error);
    return error.fault;
  }
};

const flipped = (bytes: Uint8Array, at: number) => {
  const copy = Uint8Array.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
};

/** What every key service must do; the tests run in order on one subject, the last of them ruin it. */
const conforms = (start: () => Promise<Subject>) => () => {
  let subject: Subject;
  let wrapper: KeyWrapper;
  const dataKey = randomBytes(32);
  let wrapped: Wrapped;
  beforeAll(async () => {
    subject = await start();
    wrapper = subject.wrapper();
    wrapped = await wrapper.wrap(dataKey, context);
  });
  afterAll(() => subject?.close());

  it('unwraps what it wrapped, which says nothing of the key', async () => {
    expect(Buffer.from(await wrapper.unwrap(wrapped, context))).toEqual(dataKey);
    expect(Buffer.from(wrapped.wrapped).includes(dataKey)).toBe(false);
    const again = await wrapper.wrap(dataKey, context);
    expect(Buffer.from(again.wrapped).equals(Buffer.from(wrapped.wrapped))).toBe(false);
  });

  it('seals values that fit the contract and open to what they were', async () => {
    for (const plaintext of ['', '{"host":"10.0.0.7","password":"root"}', '矿机 7']) {
      const sealed = sealedValue.parse(await sealValue(wrapper, Buffer.from(plaintext), context));
      expect((await openValue(wrapper, sealed, context)).toString()).toBe(plaintext);
      expect(JSON.stringify(sealed)).not.toContain('10.0.0.7');
    }
    const sealer = await openSealer(wrapper, context);
    const many = ['a', 'b', 'c'].map((one) => sealer.seal(Buffer.from(one)));
    expect(new Set(many.map(({ wrapped_key }) => wrapped_key)).size).toBe(1);
    expect(new Set(many.map(({ nonce }) => nonce)).size).toBe(3);
    expect((await openValues(wrapper, many, context)).map(String)).toEqual(['a', 'b', 'c']);
  });

  it('refuses another context, for a wrapped key as for a value', async () => {
    const sealed = await sealValue(wrapper, Buffer.from('x'), context);
    for (const other of otherContexts) {
      expect(await faultOf(() => wrapper.unwrap(wrapped, other))).toBe('not_authentic');
      expect(await faultOf(() => openValue(wrapper, sealed, other))).toBe('not_authentic');
      expect(await faultOf(() => wrapper.rewrap(wrapped, other))).toBe('not_authentic');
    }
  });

  it('refuses a wrapped key altered in any byte, cut short or made longer', async () => {
    const bytes = wrapped.wrapped;
    const positions = [...bytes.keys()].filter(
      (at) => at % subject.tamperEvery === 0 || at === bytes.length - 1,
    );
    for (const at of positions)
      expect([
        at,
        await faultOf(() => wrapper.unwrap({ ...wrapped, wrapped: flipped(bytes, at) }, context)),
      ]).toEqual([at, 'not_authentic']);
    for (const other of [bytes.subarray(0, -1), Buffer.concat([bytes, Buffer.from([0])])])
      expect(await faultOf(() => wrapper.unwrap({ ...wrapped, wrapped: other }, context))).not.toBe('none');
  });

  it('refuses a value altered in any byte of any part', async () => {
    const sealed = await sealValue(wrapper, Buffer.from('pw'), context);
    for (const part of ['nonce', 'ciphertext'] as const) {
      const bytes = Buffer.from(sealed[part], 'base64');
      for (const at of bytes.keys()) {
        const altered = { ...sealed, [part]: Buffer.from(flipped(bytes, at)).toString('base64') };
        expect([part, at, await faultOf(() => openValue(wrapper, altered, context))]).toEqual([
          part,
          at,
          'not_authentic',
        ]);
      }
    }
    for (const at of [0, 31, 63]) {
      const digit = sealed.context_hash[at] === '0' ? '1' : '0';
      const context_hash = sealed.context_hash.slice(0, at) + digit + sealed.context_hash.slice(at + 1);
      expect(await faultOf(() => openValue(wrapper, { ...sealed, context_hash }, context))).toBe(
        'not_authentic',
      );
    }
    for (let at = 0; at < sealed.key_id.length; at++) {
      const letter = sealed.key_id[at] === 'q' ? 'r' : 'q';
      const key_id = sealed.key_id.slice(0, at) + letter + sealed.key_id.slice(at + 1);
      expect([at, await faultOf(() => openValue(wrapper, { ...sealed, key_id }, context))]).toEqual([
        at,
        'unknown_key',
      ]);
    }
    const provider = sealed.provider === 'local' ? 'pkcs11' : 'local';
    expect(await faultOf(() => openValue(wrapper, { ...sealed, provider }, context))).toBe('unknown_key');
  });

  it('does not open with another key what this one wrapped', async () => {
    const other = subject.other();
    expect(
      await faultOf(async () =>
        other.unwrap({ ...wrapped, keyId: (await other.wrap(dataKey, context)).keyId }, context),
      ),
    ).toBe('not_authentic');
    const foreign = await other.wrap(dataKey, context);
    expect(await faultOf(() => wrapper.unwrap(foreign, context))).toBe('unknown_key');
  });

  it('opens with every older version after rotations, and rewraps to the newest', async () => {
    const held: Wrapped[] = [wrapped];
    for (let round = 0; round < 2; round++) {
      await subject.rotate();
      wrapper = subject.wrapper();
      held.push(await wrapper.wrap(dataKey, context));
    }
    for (const one of held) {
      expect(Buffer.from(await wrapper.unwrap(one, context))).toEqual(dataKey);
      const renewed = await wrapper.rewrap(one, context);
      expect(renewed.keyId).toBe(held.at(-1)?.keyId);
      expect(Buffer.from(renewed.wrapped).equals(Buffer.from(one.wrapped))).toBe(false);
      expect(Buffer.from(await wrapper.unwrap(renewed, context))).toEqual(dataKey);
    }
  });

  it('says that the service limits its rate, denies, or cannot be used', async () => {
    const throttled = await subject.throttled?.();
    if (throttled) expect(await faultOf(() => throttled.unwrap(wrapped, context))).toBe('rate_limited');
    const stranger = subject.stranger?.();
    if (stranger) expect(await faultOf(() => stranger.unwrap(wrapped, context))).toBe('denied');
    const unreachable = subject.unreachable?.();
    if (unreachable) expect(await faultOf(() => unreachable.wrap(dataKey, context))).toBe('unavailable');
    expect(new SealingError('rate_limited').isPassing).toBe(true);
    expect(new SealingError('not_authentic').isPassing).toBe(false);
  });

  it('opens nothing with a disabled key, and says so', async () => {
    await subject.disable();
    expect(await faultOf(() => subject.wrapper().unwrap(wrapped, context))).toBe('key_disabled');
    expect(await faultOf(() => subject.wrapper().rewrap(wrapped, context))).toBe('key_disabled');
  });

  it('has told no secret in any of these errors', () => {
    expect(errors.length).toBeGreaterThan(50);
    const told = errors
      .map((error) => `${error.message} ${error.stack} ${JSON.stringify(error)} ${String(error.cause)}`)
      .join('\n');
    const material = [
      dataKey.toString('base64'),
      dataKey.toString('hex'),
      Buffer.from(wrapped.wrapped).toString('base64'),
    ];
    for (const secret of [...subject.secrets(), ...material, 'demo', 'gw-7'])
      expect(told.includes(secret)).toBe(false);
    errors.length = 0;
  });
};

describe('local key', conforms(startLocalSubject));
describe('AWS KMS', conforms(startAwsSubject));
describe('Google Cloud KMS', conforms(startGcpSubject));
describe('Azure Key Vault', conforms(startAzureSubject));
const absent = whyNoSoftHsm();
if (absent) process.stdout.write(`skipped: the PKCS#11 conformance, ${absent}\n`);
describe.skipIf(absent !== undefined)('PKCS#11', conforms(startSoftHsm));
