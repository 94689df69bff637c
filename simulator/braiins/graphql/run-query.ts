import { GraphqlError, type Operation, type Selection, type Value } from './parse-query.ts';

/** What a field with arguments does with them. */
export type Resolver = (args: Readonly<Record<string, unknown>>) => unknown;
export type Tree = { readonly [field: string]: unknown };

const isTree = (value: unknown): value is Tree =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const typeOf = (tree: Tree) => (typeof tree.__typename === 'string' ? tree.__typename : undefined);

/** A type's own name, or `Error`, which is what all errors are, too. */
const isOf = (tree: Tree, on: string | undefined) => {
  const type = typeOf(tree);
  return on === undefined || type === undefined || type === on || (on === 'Error' && type.endsWith('Error'));
};

/** The parts of a tree that an operation selects. A field's function is called with its arguments, in the operation's order. */
export const runQuery = (
  { variables, selections }: Operation,
  given: Readonly<Record<string, unknown>>,
  root: Tree,
): unknown => {
  for (const { name, required } of variables) {
    if (required && (given[name] === undefined || given[name] === null))
      throw new GraphqlError(`Variable "$${name}" of required type was not provided`);
  }
  const known = new Set(variables.map(({ name }) => name));
  const meant = (value: Value): unknown => {
    switch (value.kind) {
      case 'plain':
        return value.value;
      case 'variable':
        if (!known.has(value.name)) throw new GraphqlError(`Variable "$${value.name}" is not defined`);
        return given[value.name] ?? null;
      case 'list':
        return value.items.map(meant);
      case 'object':
        return Object.fromEntries(value.fields.map(([key, inner]) => [key, meant(inner)]));
    }
  };
  const selected = (value: unknown, wanted: readonly Selection[] | undefined): unknown => {
    if (value === null || value === undefined) return null;
    if (Array.isArray(value)) return value.map((entry) => selected(entry, wanted));
    if (!isTree(value)) {
      if (wanted) throw new GraphqlError('A scalar has no fields to select');
      return value;
    }
    if (!wanted) throw new GraphqlError('An object needs a selection of its fields');
    return collect(value, wanted);
  };
  const collect = (tree: Tree, wanted: readonly Selection[]): Record<string, unknown> => {
    const found: Record<string, unknown> = {};
    for (const selection of wanted) {
      if (selection.kind === 'fragment') {
        if (isOf(tree, selection.on)) Object.assign(found, collect(tree, selection.selections));
        continue;
      }
      const { name, alias, args } = selection;
      if (name === '__typename') {
        found[alias] = typeOf(tree) ?? 'Object';
        continue;
      }
      if (!Object.hasOwn(tree, name))
        throw new GraphqlError(`Unknown field "${name}" on type "${typeOf(tree) ?? 'Object'}"`);
      const value = tree[name];
      const told =
        typeof value === 'function'
          ? (value as Resolver)(Object.fromEntries(args.map(([key, inner]) => [key, meant(inner)])))
          : value;
      found[alias] = selected(told, selection.selections);
    }
    return found;
  };
  return collect(root, selections);
};
