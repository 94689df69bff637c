import { describe, expect, it } from 'vitest';
import { siteTime } from './site-time.ts';

const at = Date.parse('2026-11-21T05:30:12Z');
const [second, hour, day] = [1_000, 3_600_000, 86_400_000];

describe('the clock of a site', () => {
  const clock = siteTime('en', 'America/Chicago');

  it('shows the site’s day, not the reader’s, and names its zone', () => {
    expect(clock.exact(at)).toBe('20 Nov 2026, 23:30:12 GMT-6');
    expect(clock.utc(at)).toBe('21 Nov 2026, 05:30:12 UTC');
    expect(clock.day(at)).toBe('20 Nov 2026');
  });

  it('follows the change of the clocks', () => {
    expect(clock.zoneNow(Date.parse('2026-11-01T06:30:00Z'))).toBe('GMT-5');
    expect(clock.zoneNow(Date.parse('2026-11-01T07:30:00Z'))).toBe('GMT-6');
  });

  it.each([
    [10 * second, '23:30:12'],
    [hour, '23:30'],
    [day, '20 Nov'],
    [30 * day, 'Nov 2026'],
  ])('writes ticks %d ms apart as %s', (stepMs, text) => expect(clock.tick(at, stepMs)).toBe(text));

  it('writes midnight of the site as its date', () =>
    expect(clock.tick(Date.parse('2026-11-21T06:00:00Z'), hour)).toBe('21 Nov'));

  it('says a date once where a range stays within it', () => {
    const between = (fromMs: number) => clock.between(fromMs, at).replaceAll(/\s/g, ' ');
    expect(between(at - hour)).toBe('20 Nov 2026, 22:30–23:30');
    expect(between(at - 9 * day)).toBe('11 – 20 Nov 2026');
    expect(siteTime('zh', 'Asia/Shanghai').exact(at)).toBe('2026年11月21日 13:30:12 GMT+8');
  });
});
