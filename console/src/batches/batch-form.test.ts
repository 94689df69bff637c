import { expect, it } from 'vitest';
import { newBatch } from '../../../contracts/api-control.ts';
import { type BatchDraft, batchOrders, bodyOf, emptyDraft, figureLimits, hasFigure } from './batch-form.ts';

const draft = (changes: Partial<BatchDraft>): BatchDraft => ({
  ...emptyDraft,
  chosen: ['zone-1'],
  figure: '100',
  reason: 'Heat wave',
  ...changes,
});

it('makes a request that the API takes, for every order and scope', () => {
  for (const type of batchOrders)
    for (const scope of ['all', 'zones', 'models', 'miners'] as const)
      expect([type, newBatch.safeParse(bodyOf(draft({ type, scope }), 1)).error]).toEqual([type, undefined]);
});

it('has the limits that the API has', () => {
  for (const type of batchOrders) {
    if (!hasFigure(type)) continue;
    const { least, most } = figureLimits[type];
    for (const [figure, isGood] of [
      [least, true],
      [most, true],
      [least - 1, false],
      [most + 1, false],
    ] as const) {
      expect([type, figure, bodyOf(draft({ type, figure: String(figure) }), 1) !== undefined]).toEqual([
        type,
        figure,
        isGood,
      ]);
      const sent = { ...bodyOf(draft({ type }), 1), params: paramsOf(type, figure) };
      expect([type, figure, newBatch.safeParse(sent).success]).toEqual([type, figure, isGood]);
    }
    expect(bodyOf(draft({ type, figure: '' }), 1)).toBeUndefined();
    expect(bodyOf(draft({ type, figure: 'many' }), 1)).toBeUndefined();
  }
});
const paramsOf = (type: string, figure: number) =>
  type === 'POWER_LIMIT'
    ? { limit_w: figure }
    : type === 'SET_FAN'
      ? { duty_pct: figure }
      : { frequency_mhz: figure };

it('asks for miners and a reason', () => {
  expect(bodyOf(draft({ chosen: [] }), 1)).toBeUndefined();
  expect(bodyOf(draft({ scope: 'all', chosen: [] }), 1)).toMatchObject({ selection: { all: true } });
  expect(bodyOf(draft({ reason: '  ' }), 1)).toBeUndefined();
});
