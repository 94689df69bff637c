import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addressNumber, addressSet, addressText, mostAddresses } from './address-ranges.ts';

const listed = (ranges: string[], exclude?: string[]) => [...addressSet(ranges, exclude).all()];

describe('the addresses of a scan', () => {
  it('are those of a subnet without its own and its broadcast address', () => {
    expect(listed(['10.0.0.0/29'])).toEqual([1, 2, 3, 4, 5, 6].map((last) => `10.0.0.${last}`));
    expect(listed(['10.0.0.77/30'])).toEqual(['10.0.0.77', '10.0.0.78']);
    expect(listed(['10.0.0.4/31'])).toEqual(['10.0.0.4', '10.0.0.5']);
    expect(listed(['10.0.0.4/32'])).toEqual(['10.0.0.4']);
    expect(addressSet(['10.0.0.0/20']).count).toBe(4_094);
  });

  it('are those of spans, whole or by what differs, and of lists', () => {
    expect(listed(['10.0.0.254-10.0.1.1'])).toEqual(['10.0.0.254', '10.0.0.255', '10.0.1.0', '10.0.1.1']);
    expect(listed(['10.0.0.5-7'])).toEqual(['10.0.0.5', '10.0.0.6', '10.0.0.7']);
    expect(listed(['10.0.0.255 - 1.0'])).toEqual(['10.0.0.255', '10.0.1.0']);
    expect(listed(['10.0.0.9,10.0.0.1', '10.0.0.1-2'])).toEqual(['10.0.0.1', '10.0.0.2', '10.0.0.9']);
  });

  it('leave out what is excluded, a subnet with both of its ends', () => {
    expect(listed(['10.0.0.0/29'], ['10.0.0.2-4', '10.0.0.6'])).toEqual(['10.0.0.1', '10.0.0.5']);
    expect(listed(['10.0.0.1-9'], ['10.0.0.4/30'])).toEqual([1, 2, 3, 8, 9].map((last) => `10.0.0.${last}`));
    expect(addressSet(['10.0.0.1'], ['10.0.0.0/8']).count).toBe(0);
  });

  it.each([
    ['10.0.0.0/33'],
    ['10.0.0/24'],
    ['10.0.0.9-5'],
    ['10.0.0.256'],
    ['miner.local'],
    ['1-2-3'],
    ['10.0.0.1/24/1'],
    ['::1'],
  ])('are not %s', (range) => {
    expect(() => addressSet([range])).toThrow(RangeError);
  });

  it('are at most a million', () => {
    expect(() => addressSet(['10.0.0.0/8'])).toThrow(String(mostAddresses));
    expect(addressSet(['10.0.0.0/12']).count).toBe(mostAddresses - 2);
  });

  it('come in order, once each, and as many as counted, whatever overlaps', () => {
    const piece = fc
      .tuple(fc.integer({ min: 0, max: 600 }), fc.integer({ min: 0, max: 40 }))
      .map(([first, more]) => `${addressText(first)}-${addressText(first + more)}`);
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), fc.array(piece, { maxLength: 8 }), (ranges, exclude) => {
        const set = addressSet(ranges, exclude);
        const all = [...set.all()];
        const inside = (address: string, texts: string[]) =>
          texts.some((text) => {
            const [from = '', to = ''] = text.split('-');
            const value = addressNumber(address) ?? -1;
            return value >= (addressNumber(from) ?? 0) && value <= (addressNumber(to) ?? 0);
          });
        const wanted = Array.from({ length: 700 }, (_, value) => addressText(value)).filter(
          (address) => inside(address, ranges) && !inside(address, exclude),
        );
        expect(all).toEqual(wanted);
        expect(set.count).toBe(wanted.length);
        for (const address of wanted) expect(set.has(address)).toBe(true);
      }),
    );
  });
});
