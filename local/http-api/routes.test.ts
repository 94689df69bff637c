import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matchRoute, parseRouteKey } from './routes.ts';

const routes = (...keys: string[]) => keys.map((text) => ({ text, key: parseRouteKey(text) }));
const find = (keys: string[], method: string, path: string) => {
  const found = matchRoute(routes(...keys), method, path);
  return found && [found.route.text, found.params];
};

describe('routes', () => {
  it.each<[string[], string, string, unknown]>([
    [['GET /a/{id}', 'GET /a/b'], 'GET', '/a/b', ['GET /a/b', {}]],
    [['GET /a/{id}', 'GET /a/b'], 'GET', '/a/c%20d', ['GET /a/{id}', { id: 'c d' }]],
    [['ANY /a', 'GET /a'], 'GET', '/a', ['GET /a', {}]],
    [['ANY /a', 'GET /a'], 'POST', '/a', ['ANY /a', {}]],
    [['GET /{proxy+}', 'GET /a/{id}'], 'GET', '/a/1', ['GET /a/{id}', { id: '1' }]],
    [['GET /{proxy+}', 'GET /a/{id}'], 'GET', '/a/1/2', ['GET /{proxy+}', { proxy: 'a/1/2' }]],
    [['GET /a/{proxy+}', 'GET /{proxy+}'], 'GET', '/a/1/2', ['GET /a/{proxy+}', { proxy: '1/2' }]],
    [['$default', 'GET /a'], 'GET', '/b', ['$default', {}]],
    [['$default', 'GET /a'], 'GET', '/a', ['GET /a', {}]],
    [['GET /a'], 'POST', '/a', undefined],
    [['GET /a'], 'GET', '/a/', undefined],
    [['GET /a/{id}'], 'GET', '/a/', undefined],
    [['GET /a/{id}'], 'GET', '/a/%E0%A4%A', ['GET /a/{id}', { id: '%E0%A4%A' }]],
  ])('%j %s %s', (keys, method, path, expected) => {
    expect(find(keys, method, path)).toEqual(expected);
  });

  it('gives back any parameter as it was before encoding', () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 1, unit: 'binary' }).filter((text) => text.isWellFormed()),
        (id) => {
          expect(find(['GET /a/{id}/b'], 'GET', `/a/${encodeURIComponent(id)}/b`)).toEqual([
            'GET /a/{id}/b',
            { id },
          ]);
        },
      ),
    );
  });
});
