import { describe, expect, it } from 'vitest';
import { loopStatuses, recommendationStatuses } from '../../../contracts/api-advisor.ts';
import { alertStatuses } from '../../../contracts/api-alerting.ts';
import { batchStatuses } from '../../../contracts/api-control.ts';
import { batchFaults } from '../../../contracts/batch-bytes.ts';
import { commandStatuses } from '../../../contracts/command.ts';
import { minerStates } from '../../../contracts/reading.ts';
import { nameOf } from '../parts/who.ts';
import { en } from './en.ts';
import { zh } from './zh.ts';

const dictionaries = [
  ['English', en],
  ['Chinese', zh],
] as const;

describe.each(dictionaries)('%s', (_, messages) => {
  it('has a word for every status that the API can answer with', () => {
    const asked = [
      ...alertStatuses,
      ...loopStatuses,
      ...recommendationStatuses,
      ...commandStatuses,
      ...batchStatuses,
    ];
    const words = { ...messages.state, ...messages.status };
    for (const status of asked) expect(words).toHaveProperty(status.toLowerCase());
    for (const state of minerStates) expect(messages.state).toHaveProperty(state);
  });

  it('has a word for every reason to keep a batch aside', () => {
    for (const fault of batchFaults) expect(messages.telemetry.health.faults).toHaveProperty(fault);
  });

  it('names actors', () => {
    expect(nameOf(messages, 'user:7')).toContain('7');
    expect(nameOf(messages, 'rule:1')).toContain('1');
    expect(nameOf(messages, 'ai:closed-loop')).toBe(messages.who.ai);
    expect(nameOf(messages, 'someone')).toBe('someone');
  });
});

const textsOf = (value: unknown): string[] => {
  if (typeof value === 'string') return [value];
  if (typeof value === 'object' && value) return Object.values(value).flatMap(textsOf);
  return [];
};

describe('the dictionaries', () => {
  it('leave no text empty', () => {
    for (const [, messages] of dictionaries)
      expect(textsOf(messages).filter((text) => !text.trim())).toEqual([]);
  });
  it('hold Chinese in the Chinese one, apart from names', () => {
    expect(textsOf(zh).filter((text) => !/[一-鿿]/.test(text))).toEqual(['HashInsight', 'English']);
  });
});
