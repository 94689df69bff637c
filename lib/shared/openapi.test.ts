import { expect, it } from 'vitest';
import { openApiDocument, routeTables } from './openapi.ts';

it('documents every route with its parameters, its answer and its refusal', () => {
  const { paths = {} } = openApiDocument();
  for (const table of Object.values(routeTables))
    for (const [operationId, { path, method, success, body, upload }] of Object.entries(table)) {
      const operation = paths[path]?.[method.toLowerCase() as 'get'];
      expect(operation, `${method} ${path}`).toMatchObject({ operationId });
      expect(Object.keys(operation?.responses ?? {})).toEqual([String(success.status), 'default']);
      expect(operation?.requestBody !== undefined).toBe((body ?? upload) !== undefined);
      const named = (operation?.parameters ?? []).flatMap((one) =>
        'name' in one && one.in === 'path' ? [one.name] : [],
      );
      expect(named).toEqual([...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name));
    }
});
