import { expect, it } from 'vitest';
import type { Rank } from '../../contracts/access.ts';
import { bodyOf, type Operation, operations, pathOf } from '../support/api-samples.ts';
import type { Stage } from '../support/bad-input-stage.ts';
import type { Answer, Person } from '../support/running-cloud.ts';

const guarded = operations.filter(({ access }) => typeof access === 'object');
/** People's routes and gateways' alike. */
const closed = operations.filter(({ access }) => access !== 'public');

/** Status and body of a refusal, `request_id` apart, which must be there. */
export const refusalOf = ({ status, body }: Answer) => {
  const { request_id, ...rest } = body as Record<string, unknown>;
  expect(request_id).toEqual(expect.any(String));
  return { status, ...rest };
};

export const callOperation = (
  { cloud, ids }: Stage,
  who: Person | undefined,
  operation: Operation,
  options: { readonly query?: Record<string, string>; readonly headers?: Record<string, string> } = {},
) =>
  cloud.call(who, operation.method, pathOf(operation, ids, options.query), {
    ...(operation.method !== 'GET' && operation.body && { body: bodyOf(operation.id, ids) ?? {} }),
    ...(options.headers && { headers: options.headers }),
  });

/** Who falls short of each rank and module, and the sentence of `001` §6 (or, where it has none, in its manner). */
const lacking: Readonly<Partial<Record<Rank, readonly Person[]>>> = {
  admin: ['manager', 'operator', 'client'],
  manager: ['operator', 'client'],
  operator: ['client'],
};
const sentence: Readonly<Partial<Record<Rank, string>>> = {
  admin: 'Admin access required',
  manager: 'Manager access required',
  operator: 'Operator access required',
};

export const accessTests = (stageOf: () => Stage) => {
  it('has a sample body for every operation that takes one', () => {
    const taking = operations.filter(({ body }) => body).map(({ id }) => id);
    expect(taking.filter((id) => bodyOf(id, stageOf().ids) === undefined)).toEqual([]);
  });

  it('answers strangers 401 in the documented words, on every route', async () => {
    for (const operation of closed) {
      const stranger = await callOperation(stageOf(), undefined, operation);
      const forged = await callOperation(stageOf(), undefined, operation, {
        headers: { cookie: `session=${'A'.repeat(43)}`, 'x-user-id': '1', authorization: 'Bearer owner' },
      });
      for (const answer of [stranger, forged])
        expect({ id: operation.id, ...refusalOf(answer) }).toEqual({
          id: operation.id,
          status: 401,
          error: 'Authentication required',
          code: 'not_authenticated',
        });
    }
  });

  it('answers a wrong role 403 in the documented words, on every route that asks for one', async () => {
    let tried = 0;
    for (const operation of guarded) {
      if (typeof operation.access === 'string') continue;
      const { rank, module, level } = operation.access;
      const refused: readonly Person[] = rank
        ? (lacking[rank] ?? [])
        : module === 'system' || (module === 'ai' && level === 'full')
          ? ['client']
          : [];
      for (const who of refused) {
        tried++;
        const expected = rank
          ? sentence[rank]
          : `${level === 'full' ? 'Full' : 'Read'} access to ${module} required`;
        expect({
          id: operation.id,
          who,
          ...refusalOf(await callOperation(stageOf(), who, operation)),
        }).toEqual({
          id: operation.id,
          who,
          status: 403,
          error: expected,
          code: 'forbidden',
        });
      }
    }
    expect(tried).toBeGreaterThan(25);
  });

  it('refuses what another site’s page asks for', async () => {
    const foreign = [
      { origin: 'https://evil.example' },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
      { origin: 'null' },
      { origin: stageOf().cloud.runtime.url.replace(/:\d+$/, ':1') },
    ];
    for (const operation of guarded.filter(({ method }) => method !== 'GET'))
      for (const headers of foreign)
        expect({
          id: operation.id,
          headers,
          ...refusalOf(await callOperation(stageOf(), 'owner', operation, { headers })),
        }).toEqual({
          id: operation.id,
          headers,
          status: 403,
          error: 'Cross-site request refused',
          code: 'forbidden',
        });
  });
};
