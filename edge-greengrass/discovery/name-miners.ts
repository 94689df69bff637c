import { minerId as minerIdSchema } from '../../contracts/identifiers.ts';
import type { FoundMachine } from './found-machine.ts';

/** What new miners are called where nobody says otherwise. */
export const usualIdPattern = '{family}-{n}';

const slug = (text: string) =>
  text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');

const fill = (pattern: string, { family, model, serialNumber }: FoundMachine, number: number) =>
  pattern
    .replaceAll('{family}', slug(family))
    .replaceAll('{model}', slug(model ?? family))
    .replaceAll('{serial}', slug(serialNumber ?? ''))
    .replaceAll('{n}', String(number).padStart(4, '0'));

/**
 * A pattern with `{family}`, `{model}`, `{serial}` and `{n}`, the lowest number that makes the id a new one. Addresses and MACs have no place in
 * it: ids go to the cloud. Throws RangeError for a pattern that cannot give ids.
 */
export const checkIdPattern = (pattern: string) => {
  const known = pattern.replaceAll(/\{(?:family|model|serial|n)\}/g, 'x');
  if (known.includes('{') || known.includes('}'))
    throw new RangeError(`id pattern "${pattern}": only {family}, {model}, {serial} and {n} have a meaning`);
  if (!minerIdSchema.safeParse(known).success)
    throw new RangeError(`id pattern "${pattern}": ids are letters, digits, dot, dash and underscore`);
  if (!/\{(?:n|serial)\}/.test(pattern))
    throw new RangeError(`id pattern "${pattern}": {n} or {serial} must tell miners apart`);
  return pattern;
};

/** Gives ids that none of `taken` has, each a new one. */
export const namer = (pattern: string, taken: Iterable<string>) => {
  const used = new Set(taken);
  const next = new Map<string, number>();
  return (machine: FoundMachine): string | undefined => {
    const kind = fill(pattern, machine, 0);
    for (let number = next.get(kind) ?? 1; number < 1_000_000; number++) {
      const id = fill(pattern, machine, number);
      if (!minerIdSchema.safeParse(id).success) return undefined;
      if (!used.has(id)) {
        used.add(id);
        next.set(kind, number + 1);
        return id;
      }
      if (id === kind) return undefined;
    }
    return undefined;
  };
};
