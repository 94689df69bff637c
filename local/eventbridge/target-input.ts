import * as z from 'zod';

/** How a target's payload is made of an event. At most one of them; none: the whole event. */
export const targetInput = z.object({
  Input: z.string().optional(),
  InputPath: z.string().optional(),
  InputTransformer: z
    .object({ InputPathsMap: z.record(z.string(), z.string()).optional(), InputTemplate: z.string() })
    .optional(),
});
export type TargetInput = z.infer<typeof targetInput>;

type Event = Readonly<Record<string, unknown>>;
type Rule = { readonly name: string; readonly arn: string };

/** Reads `$.detail.miners[0]['id']`. Throws Error on any other form of JSON path. */
export const compilePath = (path: string): ((event: unknown) => unknown) => {
  const steps: (string | number)[] = [];
  let rest = path.startsWith('$') ? path.slice(1) : undefined;
  while (rest) {
    const [all = '', dotted, index, quoted]: (string | undefined)[] =
      /^(?:\.([\w-]+)|\[(\d+)\]|\['([^']+)'\])/.exec(rest) ?? [];
    if (!all) throw new Error(`the JSON path ${path} is not one that the local EventBridge knows`);
    steps.push(index === undefined ? (dotted ?? quoted ?? '') : Number(index));
    rest = rest.slice(all.length);
  }
  if (rest === undefined) throw new Error(`a JSON path starts with $: ${path}`);
  return (event) => {
    let value: unknown = event;
    for (const step of steps) {
      if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
      value = Reflect.get(value, step);
    }
    return value;
  };
};

/** Answers what makes the payload text of an event for a target. Throws Error on a malformed path. */
export const compileInput = ({
  Input,
  InputPath,
  InputTransformer,
}: TargetInput): ((event: Event, rule: Rule) => string) => {
  if (Input !== undefined) return () => Input;
  if (InputPath !== undefined) {
    const read = compilePath(InputPath);
    return (event) => JSON.stringify(read(event) ?? null);
  }
  if (!InputTransformer) return (event) => JSON.stringify(event);
  const paths = Object.entries(InputTransformer.InputPathsMap ?? {}).map(
    ([name, path]) => [name, compilePath(path)] as const,
  );
  return (event, rule) => {
    const values = new Map<string, unknown>([
      ['aws.events.rule-arn', rule.arn],
      ['aws.events.rule-name', rule.name],
      ['aws.events.event.ingestion-time', event.time],
      ['aws.events.event', Object.fromEntries(Object.entries(event).filter(([name]) => name !== 'detail'))],
      ['aws.events.event.json', event],
      ...paths.map(([name, read]) => [name, read(event)] as const),
    ]);
    return fill(InputTransformer.InputTemplate, values);
  };
};

/** Puts values at `<name>`: as JSON, or, within a quoted text, as text. What the event does not have becomes empty. */
const fill = (template: string, values: ReadonlyMap<string, unknown>): string => {
  let quoted = false;
  return template.replace(/\\.|"|<([\w.-]+)>/gs, (found, name: string | undefined) => {
    if (found === '"') quoted = !quoted;
    if (name === undefined || !values.has(name)) return found;
    const value = values.get(name);
    if (!quoted) return JSON.stringify(value ?? '');
    const text = typeof value === 'string' ? value : value === undefined ? '' : JSON.stringify(value);
    return JSON.stringify(text).slice(1, -1);
  });
};
