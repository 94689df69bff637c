import type { CreatedResource, ResourceHandlers } from '../ports.ts';
import type { Assembly, Stack } from './assembly.ts';
import { createInert } from './inert.ts';
import { conditionHolds, pseudoParameters, referencesOf, resolveValue, type Scope } from './intrinsics.ts';
import { nameOf } from './properties.ts';

export type DeployOptions = {
  readonly region: string;
  readonly accountId: string;
  readonly publicUrl: string;
  readonly handlers: ResourceHandlers;
  /** Values for template parameters of these names, in every stack that has them. */
  readonly parameters?: Readonly<Record<string, string>>;
  readonly onResource?: (resource: {
    readonly stack: string;
    readonly logicalId: string;
    readonly type: string;
  }) => void;
};

/** Each stack's outputs by stack name and output id. */
export type Outputs = Readonly<Record<string, Readonly<Record<string, string>>>>;

/**
 * Creates every resource of an assembly in dependency order through the handlers of the local services. Throws Error
 * with one sentence that names stack and logical id at the first thing it does not know.
 */
export const deploy = async (assembly: Assembly, options: DeployOptions): Promise<Outputs> => {
  const { region, accountId, publicUrl, handlers, parameters = {}, onResource } = options;
  refuseUnknownTypes(assembly, handlers);
  const exports = new Map<string, string>();
  const urls = new Map<string, string>();
  const outputs: Record<string, Record<string, string>> = {};
  for (const stack of assembly.stacks) {
    const created = new Map<string, CreatedResource>();
    const scope: Scope = {
      stack: stack.name,
      template: stack.template,
      parameters,
      pseudo: pseudoParameters(stack.name, region, accountId),
      created,
      exports,
      urls,
    };
    for (const logicalId of creationOrder(stack)) {
      const resource = stack.template.Resources[logicalId];
      if (!resource || (resource.Condition && !conditionHolds(resource.Condition, scope, logicalId)))
        continue;
      const place = { stack: stack.name, logicalId, type: resource.Type };
      onResource?.(place);
      const handler = handlers[resource.Type];
      const result = handler
        ? await handler({ ...place, properties: record(resolveValue(resource.Properties, scope, logicalId)) })
        : createInert(resource.Type, { ...place, region, accountId, publicUrl });
      if (!result) throw new Error(unknownType(place));
      created.set(logicalId, result);
      for (const [from, to] of Object.entries(result.urls ?? {})) urls.set(from, to);
    }
    const own: Record<string, string> = {};
    for (const [id, output] of Object.entries(stack.template.Outputs)) {
      if (output.Condition && !conditionHolds(output.Condition, scope, id)) continue;
      const value = resolveValue(output.Value, scope, id);
      own[id] = typeof value === 'string' ? value : JSON.stringify(value);
      if (output.Export) exports.set(String(resolveValue(output.Export.Name, scope, id)), own[id]);
    }
    outputs[stack.name] = own;
  }
  return outputs;
};

const record = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? { ...value } : {};

const unknownType = (place: { readonly stack: string; readonly logicalId: string; readonly type: string }) =>
  `${nameOf(place)}: the local runtime does not know this resource type`;

/** Before anything is created, so that a new type is found in a moment and leaves nothing half done. */
const refuseUnknownTypes = ({ stacks }: Assembly, handlers: ResourceHandlers) => {
  for (const { name: stack, template } of stacks)
    for (const [logicalId, { Type: type }] of Object.entries(template.Resources)) {
      const place = { stack, logicalId, type, region: '', accountId: '', publicUrl: '' };
      if (!Object.hasOwn(handlers, type) && !createInert(type, place)) throw new Error(unknownType(place));
    }
};

/** Logical ids so that each stands after all that it refers to. Throws Error that names a cycle's members. */
export const creationOrder = ({ name: stack, template }: Pick<Stack, 'name' | 'template'>): string[] => {
  const ordered = new Set<string>();
  const visit = (id: string, above: readonly string[]) => {
    const resource = template.Resources[id];
    if (!resource || ordered.has(id)) return;
    if (above.includes(id)) throw new Error(`${stack}: ${[...above, id].join(' → ')} depend on each other`);
    const needed = new Set([...referencesOf(resource.Properties), ...[resource.DependsOn].flat()]);
    for (const one of needed) if (one !== id) visit(one, [...above, id]);
    ordered.add(id);
  };
  for (const id of Object.keys(template.Resources)) visit(id, []);
  return [...ordered];
};
