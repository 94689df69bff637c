import { type Fields, listOf, numberOf } from '../values.ts';

/** 3 is the blinking that finds a machine, 2 the light of one that is well. */
export const ledCodes = { on: 3, off: 2 } as const;
const codeOf = (answer: Fields) => numberOf(listOf(answer.LED)[0]?.Code);

export const ledOf = (answer: Fields) => {
  const code = codeOf(answer);
  return code === undefined ? undefined : code === ledCodes.on;
};

/** Well, tuning, standing by, being reset, warming up, being upgraded. */
const withoutFault = new Set<number>([ledCodes.off, 12, 13, 14, 15, 16]);
/** What somebody lit hides what the machine would say itself. */
const litBySomebody = new Set<number>([ledCodes.on, 101, 102]);

/**
 * Of `/led`, whose code says what is wrong, one thing at a time: `LED10` is code 10. Undefined where it does not say. Sources: those of the
 * codes' meanings (`contracts/error-codes/auradine.ts`).
 */
export const errorCodesOf = (answer: Fields): string[] | undefined => {
  const code = codeOf(answer);
  if (code === undefined || litBySomebody.has(code)) return undefined;
  return withoutFault.has(code) ? [] : [`LED${code}`];
};
