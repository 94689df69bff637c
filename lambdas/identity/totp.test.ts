import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hashRecoveryCode, newRecoveryCodes } from './recovery-codes.ts';
import { matchCode, newTotpSecret, otpauthUri, stepOf, toBase32, totp } from './totp.ts';

const ascii = (length: number) => Buffer.from('1234567890'.repeat(7).slice(0, length), 'ascii');

describe('codes', () => {
  it.each([
    [59, '94287082', '46119246', '90693936'],
    [1_111_111_109, '07081804', '68084774', '25091201'],
    [1_111_111_111, '14050471', '67062674', '99943326'],
    [1_234_567_890, '89005924', '91819424', '93441116'],
    [2_000_000_000, '69279037', '90698825', '38618901'],
    [20_000_000_000, '65353130', '77737706', '47863826'],
  ] as const)('at %i s are those of RFC 6238, appendix B', (atS, sha1, sha256, sha512) => {
    expect(totp(ascii(20), atS * 1000, 8, 'sha1')).toBe(sha1);
    expect(totp(ascii(32), atS * 1000, 8, 'sha256')).toBe(sha256);
    expect(totp(ascii(64), atS * 1000, 8, 'sha512')).toBe(sha512);
  });

  it('are those of RFC 4226, appendix D, for the first ten counters', () => {
    const codes = Array.from({ length: 10 }, (_, counter) => totp(ascii(20), counter * 30_000));
    expect(codes).toEqual([
      '755224',
      '287082',
      '359152',
      '969429',
      '338314',
      '254676',
      '287922',
      '162583',
      '399871',
      '520489',
    ]);
  });

  it('are taken one step early or late, no further, and never one that is spent', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 20, maxLength: 20 }),
        fc.integer({ min: 0, max: 4_000_000_000_000 }),
        fc.integer({ min: -5, max: 5 }),
        fc.integer({ min: -3, max: 3 }),
        (secret, atMs, off, spent) => {
          const now = stepOf(atMs);
          const shown = now + off;
          if (shown < 0) return;
          const lastStep = now + spent;
          const step = matchCode(secret, totp(secret, shown * 30_000), atMs, lastStep);
          if (step === undefined) expect(Math.abs(off) > 1 || shown <= lastStep).toBe(true);
          else {
            // Two steps may share a code by chance: then the one that is taken has it, too.
            expect(totp(secret, step * 30_000)).toBe(totp(secret, shown * 30_000));
            expect(Math.abs(step - now)).toBeLessThanOrEqual(1);
            expect(step).toBeGreaterThan(lastStep);
          }
        },
      ),
    );
  });

  it('of another length or with other signs are none', () => {
    const secret = newTotpSecret();
    const code = totp(secret, 90_000);
    for (const wrong of ['', code.slice(1), `${code}0`, 'abcdef', '１２３４５６'])
      expect(matchCode(secret, wrong, 90_000, 0)).toBeUndefined();
  });
});

it('writes secrets in base32, as RFC 4648 does', () => {
  for (const [text, base32] of [
    ['', ''],
    ['f', 'MY'],
    ['fo', 'MZXQ'],
    ['foo', 'MZXW6'],
    ['foob', 'MZXW6YQ'],
    ['fooba', 'MZXW6YTB'],
    ['foobar', 'MZXW6YTBOI'],
  ] as const)
    expect(toBase32(Buffer.from(text))).toBe(base32);
  expect(otpauthUri(Buffer.from('foobar'), 'a b@c.example')).toBe(
    'otpauth://totp/HashInsight%3Aa%20b%40c.example?secret=MZXW6YTBOI&issuer=HashInsight&algorithm=SHA1&digits=6&period=30',
  );
});

it('makes ten recovery codes, which are read however they are written', () => {
  const codes = newRecoveryCodes();
  expect(new Set(codes).size).toBe(10);
  for (const code of codes) {
    expect(code).toMatch(/^([A-Z2-7]{4}-){3}[A-Z2-7]{4}$/);
    expect(hashRecoveryCode(` ${code.toLowerCase().replaceAll('-', ' ')}`)).toBe(hashRecoveryCode(code));
  }
});
