import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { onAbort } from './on-abort.ts';

describe('hearing of an abort', () => {
  it('calls everyone who still waits, once, over one listener', () => {
    const stopping = new AbortController();
    const heard: string[] = [];
    const offs = ['a', 'b', 'c'].map((name) => onAbort(stopping.signal, () => heard.push(name)));
    expect(getEventListeners(stopping.signal, 'abort')).toHaveLength(1);
    offs[1]?.();
    stopping.abort();
    stopping.abort();
    expect(heard).toEqual(['a', 'c']);
    offs[0]?.();
  });

  it('leaves nothing on a signal that nobody waits for', () => {
    const { signal } = new AbortController();
    for (let round = 0; round < 3; round++) {
      const offs = [onAbort(signal, () => {}), onAbort(signal, () => {})];
      for (const off of offs) off();
      expect(getEventListeners(signal, 'abort')).toHaveLength(0);
    }
    expect(onAbort(undefined, () => {})()).toBeUndefined();
  });
});
