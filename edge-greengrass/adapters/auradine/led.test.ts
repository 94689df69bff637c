import { expect, it } from 'vitest';
import { meaningOf } from '../../../contracts/error-codes/error-table.ts';
import { errorCodesOf, ledOf } from './led.ts';

const lit = (Code: number) => ({ LED: [{ Code, LED1: 2, LED2: 1, Msg: '' }] });

it('tells what is wrong, each with its meaning, until somebody lights it', () => {
  const faults = [1, 4, 5, 6, 7, 8, 9, 10, 11, 19];
  for (const code of faults) expect(errorCodesOf(lit(code))).toEqual([`LED${code}`]);
  expect(faults.map((code) => meaningOf('auradine', `LED${code}`)?.family)).toEqual([
    ...['power', 'temperature', 'pool', 'network', 'control'],
    ...['hashrate', 'fan', 'board', 'power', 'temperature'],
  ]);
  for (const code of [2, 12, 13, 14, 15, 16]) expect(errorCodesOf(lit(code)), `LED${code}`).toEqual([]);
  for (const code of [3, 101, 102]) expect(errorCodesOf(lit(code)), `LED${code}`).toBeUndefined();
  expect(errorCodesOf(lit(17))).toEqual(['LED17']);
  expect(errorCodesOf({})).toBeUndefined();
  expect([ledOf(lit(3)), ledOf(lit(10)), ledOf({})]).toEqual([true, false, undefined]);
});
