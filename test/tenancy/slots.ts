import * as z from 'zod';
import type { Operation } from '../support/api-samples.ts';
import { cursorOf, kindOf } from './pools.ts';

/** A place in a request where the name of a thing may stand. */
export type Slot = {
  readonly where: 'path' | 'query' | 'body' | 'extra' | 'header' | 'csv' | 'batch';
  /** How it is called; in a body the way to it, `[]` for an entry of a list. */
  readonly way: readonly string[];
  readonly kind: string;
  readonly many: boolean;
  readonly isNumber: boolean;
};

const jsonSchema: z.ZodType<JsonSchema> = z.lazy(() =>
  z.looseObject({
    type: z.union([z.string(), z.array(z.string())]).optional(),
    properties: z.record(z.string(), jsonSchema).optional(),
    items: jsonSchema.optional(),
    anyOf: z.array(jsonSchema).optional(),
    oneOf: z.array(jsonSchema).optional(),
    allOf: z.array(jsonSchema).optional(),
  }),
);
type JsonSchema = {
  readonly type?: string | string[] | undefined;
  readonly properties?: Record<string, JsonSchema> | undefined;
  readonly items?: JsonSchema | undefined;
  readonly anyOf?: JsonSchema[] | undefined;
  readonly oneOf?: JsonSchema[] | undefined;
  readonly allOf?: JsonSchema[] | undefined;
};

/** Fields that take the name of a thing, though they are not called so. */
const alsoNames: Readonly<Record<string, string>> = {
  search: 'miner_id',
  miner_prefix: 'miner_id',
  key: 'group_key',
  requested_by: 'user_id',
  ref_id: 'miner_id',
};
const namesThing = (field: string) => /(^|_)ids?$|Ids?$|^cursor$/.test(field) || field in alsoNames;

const slotsIn = (schema: JsonSchema, where: 'query' | 'body', way: readonly string[], depth = 0): Slot[] => {
  if (depth > 5) return [];
  const branches = [...(schema.anyOf ?? []), ...(schema.oneOf ?? []), ...(schema.allOf ?? [])];
  const inBranches = branches.flatMap((branch) => slotsIn(branch, where, way, depth + 1));
  const field = way.findLast((step) => step !== '[]') ?? '';
  if (schema.properties)
    return [
      ...inBranches,
      ...Object.entries(schema.properties).flatMap(([name, inner]) =>
        slotsIn(inner, where, [...way, name], depth + 1),
      ),
    ];
  if (schema.items && !namesThing(field))
    return [...inBranches, ...slotsIn(schema.items, where, [...way, '[]'], depth + 1)];
  if (!namesThing(field)) return inBranches;
  const typed = schema.items ?? schema;
  const types = [typed, ...branches].flatMap(({ type }) => type ?? []);
  return [
    {
      where,
      way,
      kind: alsoNames[field] ?? kindOf(field),
      many: schema.items !== undefined || branches.some(({ items }) => items !== undefined),
      isNumber: types.some((type) => type === 'integer' || type === 'number'),
    },
  ];
};

const schemaOf = (schema: z.ZodType | undefined) =>
  schema && jsonSchema.parse(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }));

const once = (slots: readonly Slot[]) => [
  ...new Map(slots.map((slot) => [`${slot.where} ${slot.way.join('.')}`, slot])).values(),
];

/** What somebody makes at a site of their own may be called like something elsewhere; a gateway alone is called so once. */
const namesNewThing: ReadonlySet<string> = new Set([
  'createZone zone_id',
  'createCustomer customer_id',
  'registerMiners miners.[].miner_id',
]);

/** Every place of an operation's requests where something of somebody else could be named, and some where nothing should be. */
export const slotsOf = ({ path, query, body, upload, id }: Operation): readonly Slot[] => {
  const plain = { many: false, isNumber: false };
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(
    ([, name = '']): Slot => ({ where: 'path', way: [name], kind: kindOf(name), ...plain }),
  );
  const [querySchema, bodySchema] = [schemaOf(query), schemaOf(body)];
  const extra = ['tenant_id', 'site_id', 'customer_id', 'customer_ids'].map(
    (name): Slot => ({ where: 'extra', way: [name], kind: kindOf(name), ...plain }),
  );
  const headers = ['x-tenant-id', 'x-site-id', 'x-customer-id'].map(
    (name): Slot => ({ where: 'header', way: [name], kind: name.slice(2).replaceAll('-', '_'), ...plain }),
  );
  return once([
    ...inPath,
    ...(querySchema
      ? slotsIn(querySchema, 'query', []).map((slot) =>
          slot.kind === 'cursor' ? { ...slot, kind: cursorOf(id) } : slot,
        )
      : []),
    ...(bodySchema
      ? slotsIn(bodySchema, 'body', []).filter(({ way }) => !namesNewThing.has(`${id} ${way.join('.')}`))
      : []),
    ...(id === 'importMiners' ? [{ where: 'csv', way: ['csv'], kind: 'zone_id', ...plain } as const] : []),
    ...(upload ? [{ where: 'batch', way: [], kind: 'site_id', ...plain } as const] : []),
    ...extra,
    ...headers,
  ]);
};
