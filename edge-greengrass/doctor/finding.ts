import type { Text } from '../../contracts/text.ts';

export type Level = 'ok' | 'skipped' | 'warning' | 'failure';

/** One thing that was looked at: what was found, and what to do about it where something is wrong. */
export type Finding = {
  readonly check: string;
  readonly level: Level;
  readonly what: Text;
  readonly todo?: Text;
};
/** English and Chinese, in this order. */
type Words = readonly [en: string, zh: string];

const textOf = ([en, zh]: Words): Text => ({ en, zh });

/** Findings of one check: what is good, what could not be looked at, what is wrong and what to do then. */
export const findings = (check: string) => ({
  ok: (what: Words): Finding => ({ check, level: 'ok', what: textOf(what) }),
  skipped: (what: Words): Finding => ({ check, level: 'skipped', what: textOf(what) }),
  warning: (what: Words, todo: Words): Finding => ({
    check,
    level: 'warning',
    what: textOf(what),
    todo: textOf(todo),
  }),
  failure: (what: Words, todo: Words): Finding => ({
    check,
    level: 'failure',
    what: textOf(what),
    todo: textOf(todo),
  }),
});
