const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

export const presetMs = {
  '1h': hourMs,
  '24h': dayMs,
  '7d': 7 * dayMs,
  '90d': 90 * dayMs,
  '1y': 365 * dayMs,
} as const;
export type Preset = keyof typeof presetMs;
export const presets = Object.keys(presetMs) as Preset[];
const isPreset = (text: string | null): text is Preset => presets.some((one) => one === text);

/** A stretch of time: the newest hours or days, which move on with the clock, or two fixed instants. */
export type TimeRange = { readonly preset: Preset } | Span;
export type Span = { readonly fromMs: number; readonly toMs: number };

export const shortestMs = minuteMs;
/** As long as daily values are kept. */
export const longestMs = 400 * dayMs;
const standard: Preset = '24h';

/** The range as instants. A preset ends now. */
export const spanOf = (range: TimeRange, nowMs: number): Span =>
  'preset' in range ? { fromMs: nowMs - presetMs[range.preset], toMs: nowMs } : range;

/** The range that a link carries: `range=7d`, or `from` and `to` in UTC; the last 24 hours where it says neither. */
export const rangeOfLink = (params: URLSearchParams): TimeRange => {
  const preset = params.get('range');
  if (isPreset(preset)) return { preset };
  const [fromMs, toMs] = [Date.parse(params.get('from') ?? ''), Date.parse(params.get('to') ?? '')];
  return toMs - fromMs >= shortestMs && toMs - fromMs <= longestMs ? { fromMs, toMs } : { preset: standard };
};

/** The parameters by which a link carries the range, those of another kind of range emptied. */
export const linkOfRange = (range: TimeRange): Record<'range' | 'from' | 'to', string | undefined> =>
  'preset' in range
    ? { range: range.preset === standard ? undefined : range.preset, from: undefined, to: undefined }
    : { range: undefined, from: toUtc(range.fromMs), to: toUtc(range.toMs) };

/** An instant as the API takes it; whole seconds go without milliseconds. */
export const toUtc = (ms: number) => new Date(ms).toISOString().replace('.000Z', 'Z');

/** A span of whole seconds within what is kept and not beyond now, as long as asked where that is possible. */
export const fitted = ({ fromMs, toMs }: Span, nowMs: number): Span => {
  const lengthMs = Math.min(longestMs, Math.max(shortestMs, Math.round((toMs - fromMs) / 1_000) * 1_000));
  const latest = Math.floor(nowMs / 1_000) * 1_000;
  const middle = (fromMs + toMs) / 2;
  const from = Math.round((middle - lengthMs / 2) / 1_000) * 1_000;
  const start = Math.max(latest - longestMs, Math.min(from, latest - lengthMs));
  return { fromMs: start, toMs: start + lengthMs };
};

/** The span drawn wider (`factor` above 1) or narrower around an instant, its middle unless told. */
export const zoomed = (
  span: Span,
  factor: number,
  nowMs: number,
  atMs = (span.fromMs + span.toMs) / 2,
): Span => {
  const lengthMs = span.toMs - span.fromMs;
  const share = (atMs - span.fromMs) / lengthMs;
  const length = Math.min(longestMs, Math.max(shortestMs, lengthMs * factor));
  return fitted({ fromMs: atMs - share * length, toMs: atMs + (1 - share) * length }, nowMs);
};

/** The span moved by a part of its length: later where positive. It stops at now and at the oldest that is kept. */
export const moved = (span: Span, share: number, nowMs: number): Span => {
  const by = share * (span.toMs - span.fromMs);
  return fitted({ fromMs: span.fromMs + by, toMs: span.toMs + by }, nowMs);
};

/** What a key asks for: closer, wider, earlier, later, or the range before all zooming; undefined for other keys. */
export const keyMove = (key: string, span: Span, nowMs: number): Span | 'reset' | undefined => {
  switch (key) {
    case '+':
    case '=':
      return zoomed(span, 0.5, nowMs);
    case '-':
    case '_':
      return zoomed(span, 2, nowMs);
    case 'ArrowLeft':
      return moved(span, -0.25, nowMs);
    case 'ArrowRight':
      return moved(span, 0.25, nowMs);
    case '0':
    case 'Escape':
      return 'reset';
    default:
      return undefined;
  }
};
