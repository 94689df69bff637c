import { expect, it } from 'vitest';
import { macAddressOf, serialNumberOf } from './mac-address.ts';
import { parseNeighbours } from './neighbours.ts';

it('reads the system’s table, without what is incomplete and without a router that answers for several', () => {
  const table = `IP address       HW type     Flags       HW address            Mask     Device
10.0.0.1         0x1         0x2         02:aa:00:00:00:01     *        eth0
10.0.0.2         0x1         0x0         00:00:00:00:00:00     *        eth0
10.0.0.3         0x1         0x6         02:aa:00:00:00:03     *        eth0
10.0.1.1         0x1         0x2         02:aa:00:00:00:99     *        eth0
10.0.1.2         0x1         0x2         02:aa:00:00:00:99     *        eth0
`;
  expect([...parseNeighbours(table)]).toEqual([
    ['10.0.0.1', '02:AA:00:00:00:01'],
    ['10.0.0.3', '02:AA:00:00:00:03'],
  ]);
  expect(parseNeighbours('').size).toBe(0);
});

it.each([
  ['02:aa:00:00:00:01', '02:AA:00:00:00:01'],
  ['02-AA-00-00-00-01', '02:AA:00:00:00:01'],
  ['02aa.0000.0001', '02:AA:00:00:00:01'],
  [' 02aa00000001 ', '02:AA:00:00:00:01'],
  ['00:00:00:00:00:00', undefined],
  ['ff:ff:ff:ff:ff:ff', undefined],
  ['01:00:5e:00:00:01', undefined],
  ['02:55:97:22:3M:72', undefined],
  ['', undefined],
  [7, undefined],
])('takes %s for the MAC address %s', (text, address) => {
  expect(macAddressOf(text)).toBe(address);
});

it.each([
  ['THQING0BDJAB024NF', true],
  ['unknown', false],
  ['000000000000', false],
  ['0123456789ABCDEF', false],
  ['', false],
  ['A1', false],
])('tells machines apart by the serial number %s: %s', (text, tells) => {
  expect(serialNumberOf(text) !== undefined).toBe(tells);
});
