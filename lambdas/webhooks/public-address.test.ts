import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isPublicAddress, readNetworks } from './public-address.ts';

describe('public addresses', () => {
  it.each([
    '8.8.8.8',
    '1.1.1.1',
    '172.15.255.255',
    '172.32.0.0',
    '192.167.255.255',
    '100.63.255.255',
    '100.128.0.0',
    '223.255.255.255',
    '2606:4700:4700::1111',
    '2a00:1450:4001:800::200e',
    '2400::1',
  ])('%s is one', (address) => {
    expect(isPublicAddress(address)).toBe(true);
  });

  it.each([
    '0.0.0.0',
    '0.1.2.3',
    '10.0.0.1',
    '100.64.0.1',
    '127.0.0.1',
    '127.255.255.254',
    '169.254.169.254',
    '169.254.170.2',
    '172.16.0.1',
    '172.31.255.255',
    '192.0.0.8',
    '192.0.2.1',
    '192.88.99.1',
    '192.168.1.1',
    '198.18.0.1',
    '198.51.100.1',
    '203.0.113.1',
    '224.0.0.1',
    '239.255.255.255',
    '240.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::ffff:127.0.0.1',
    '::ffff:8.8.8.8',
    '::ffff:7f00:1',
    '::127.0.0.1',
    '64:ff9b::a9fe:a9fe',
    '64:ff9b:1::1',
    '100::1',
    '2001::1',
    '2001:0:4136:e378::1',
    '2001:db8::1',
    '2002:7f00:1::',
    '3fff::1',
    '5f00::1',
    'fc00::1',
    'fd00:ec2::254',
    'fe80::1',
    'fe80::1%eth0',
    'fec0::1',
    'ff02::1',
    '',
    'localhost',
    '127.1',
    '0x7f.0.0.1',
    '1.2.3.4.5',
  ])('%s is none', (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });

  it('are none within IPv6 that carries IPv4, whatever that is', () => {
    const byte = fc.integer({ min: 0, max: 255 });
    fc.assert(
      fc.property(byte, byte, byte, byte, (...bytes) => {
        const dotted = bytes.join('.');
        expect(isPublicAddress(`::ffff:${dotted}`)).toBe(false);
        expect(isPublicAddress(`64:ff9b::${dotted}`)).toBe(false);
        const hex = Buffer.from(bytes).toString('hex');
        expect(isPublicAddress(`2002:${hex.slice(0, 4)}:${hex.slice(4)}::1`)).toBe(false);
      }),
    );
  });
});

describe('allowed networks', () => {
  it('are none by default', () => {
    const none = readNetworks('');
    expect([none.isEmpty, none.has('127.0.0.1'), none.has('::1')]).toEqual([true, false, false]);
  });

  it('are those that are named, in both families', () => {
    const some = readNetworks('127.0.0.0/8, 10.1.0.0/16,::1/128');
    const inside = ['127.9.9.9', '10.1.255.1', '::1'];
    const outside = ['10.2.0.1', '128.0.0.1', '::2', 'nonsense', ''];
    expect([inside.map(some.has), outside.map(some.has)]).toEqual([
      inside.map(() => true),
      outside.map(() => false),
    ]);
  });

  it.each(['127.0.0.1', '127.0.0.0/33', 'all', '::1/129', '10.0.0.0/', '10.0.0.0/a'])(
    'are not read from %s',
    (text) => {
      expect(() => readNetworks(text)).toThrow(RangeError);
    },
  );
});
