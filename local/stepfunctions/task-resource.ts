/** What a Task's Resource asks for. */
export type TaskResource = {
  readonly kind:
    | 'function'
    | 'lambda:invoke'
    | 'sqs:sendMessage'
    | 'events:putEvents'
    | 'states:startExecution'
    | 'dynamodb:putItem'
    | 'dynamodb:getItem'
    | 'dynamodb:updateItem'
    | 'dynamodb:deleteItem';
  /** For kind `function`: its ARN. */
  readonly functionArn?: string;
  readonly waitsForToken: boolean;
};

const integrations = [
  'lambda:invoke',
  'sqs:sendMessage',
  'events:putEvents',
  'states:startExecution',
  'dynamodb:putItem',
  'dynamodb:getItem',
  'dynamodb:updateItem',
  'dynamodb:deleteItem',
] as const;
const withToken = new Set<string>([
  'lambda:invoke',
  'sqs:sendMessage',
  'events:putEvents',
  'states:startExecution',
]);

/** Throws Error naming the state on what the local interpreter does not run. */
export const parseResource = (where: string, resource: string): TaskResource => {
  if (/^arn:[\w-]+:lambda:[^:]+:\d{12}:function:.+$/.test(resource))
    return { kind: 'function', functionArn: resource, waitsForToken: false };
  const [, name, pattern] = /^arn:[\w-]+:states:[^:]*:[^:]*:([\w-]+:\w+)(\.[\w:]+)?$/.exec(resource) ?? [];
  const kind = integrations.find((known) => known === name);
  if (!kind) throw new Error(`${where}: the local runtime does not run the resource ${resource}`);
  if (pattern === undefined) return { kind, waitsForToken: false };
  if (pattern === '.waitForTaskToken' && withToken.has(kind)) return { kind, waitsForToken: true };
  throw new Error(`${where}: the local runtime does not run the integration pattern ${pattern} of ${kind}`);
};
