import { useRef } from 'react';
import { useSearchParams } from 'react-router';
import { fitted, linkOfRange, type Preset, rangeOfLink, type Span, type TimeRange } from './range.ts';

/** Changes parameters of the page's address: an empty one goes. Others stay. */
export const useLinkState = () => {
  const [params, setParams] = useSearchParams();
  const change = (changes: Readonly<Record<string, string | undefined>>, replace = false) =>
    setParams(
      (before) => {
        const next = new URLSearchParams(before);
        for (const [name, value] of Object.entries(changes))
          if (value) next.set(name, value);
          else next.delete(name);
        return next;
      },
      { replace, preventScrollReset: true },
    );
  return [params, change] as const;
};

export type RangeState = {
  readonly range: TimeRange;
  readonly onSpan: (span: Span) => void;
  readonly onPreset: (preset: Preset) => void;
  /** Back to the preset from which zooming began. */
  readonly onReset: () => void;
};

/** The range in the page's address, so that a link shows the same view and the browser's back button undoes a zoom. */
export const useRange = (): RangeState => {
  const [params, change] = useLinkState();
  const range = rangeOfLink(params);
  const before = useRef<TimeRange>({ preset: '24h' });
  if ('preset' in range) before.current = range;
  const set = (next: TimeRange) => change(linkOfRange(next));
  return {
    range,
    onSpan: (span) => set(fitted(span, Date.now())),
    onPreset: (preset) => set({ preset }),
    onReset: () => set(before.current),
  };
};
