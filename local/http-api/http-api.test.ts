import { mkdirSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { type Runtime, startRuntime } from '../runtime.ts';
import { arnOf, functionOf, type TestApp, temporaryDirectory, writeApp } from '../testing/test-app.ts';

const api = (logicalId: string, type: string, properties: Record<string, unknown>) => ({
  [logicalId]: { Type: `AWS::ApiGatewayV2::${type}`, Properties: { ApiId: { Ref: 'Api' }, ...properties } },
});
const integration = (name: string, fn: string, more: Record<string, unknown> = {}) =>
  api(name, 'Integration', {
    IntegrationType: 'AWS_PROXY',
    IntegrationUri: arnOf(fn),
    PayloadFormatVersion: '2.0',
    ...more,
  });
const route = (name: string, RouteKey: string, target: string, AuthorizerId?: unknown) =>
  api(name, 'Route', {
    RouteKey,
    Target: { 'Fn::Join': ['', ['integrations/', { Ref: target }]] },
    AuthorizationType: AuthorizerId ? 'CUSTOM' : 'NONE',
    ...(AuthorizerId !== undefined && { AuthorizerId }),
  });
const authorizer = (name: string, more: Record<string, unknown>) =>
  api(name, 'Authorizer', {
    Name: name,
    AuthorizerType: 'REQUEST',
    AuthorizerPayloadFormatVersion: '2.0',
    EnableSimpleResponses: true,
    AuthorizerUri: {
      'Fn::Join': [
        '',
        [
          'arn:aws:apigateway:',
          { Ref: 'AWS::Region' },
          ':lambda:path/2015-03-31/functions/',
          arnOf('Guard'),
          '/invocations',
        ],
      ],
    },
    ...more,
  });

const app: TestApp = {
  functions: {
    echo: `export const handler = async (event, context) => {
      if (event.rawPath === '/api/fail') throw new Error('no');
      if (event.rawPath === '/api/odd') return { statusCode: 'odd' };
      if (event.rawPath === '/api/plain') return { hello: 'there' };
      if (event.rawPath === '/api/large') return { statusCode: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify(Array(5000).fill('miner')) };
      if (event.rawPath === '/api/bytes') return { statusCode: 201, cookies: ['a=1; Path=/', 'b=2'], headers: { 'Content-Type': 'application/octet-stream' }, body: 'AAEC', isBase64Encoded: true };
      return { statusCode: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify(event) };
    };`,
    guard: `let calls = 0;
      export const handler = async (event) => {
        calls += 1;
        const token = event.headers.token ?? '';
        if (token === 'broken') throw new Error('broken');
        return { isAuthorized: token !== 'bad', context: { calls, token, source: event.identitySource } };
      };`,
    slow: `export const handler = () => new Promise((resolve) => setTimeout(resolve, 5000));`,
  },
  stacks: {
    App: {
      Resources: {
        Api: { Type: 'AWS::ApiGatewayV2::Api', Properties: { Name: 'test', ProtocolType: 'HTTP' } },
        ...api('Stage', 'Stage', { StageName: '$default', AutoDeploy: true }),
        Echo: functionOf('echo'),
        Guard: functionOf('guard'),
        Slow: functionOf('slow'),
        ...integration('EchoIntegration', 'Echo'),
        ...integration('SlowIntegration', 'Slow', { TimeoutInMillis: 100 }),
        ...route('Any', 'ANY /api/{proxy+}', 'EchoIntegration'),
        ...route('Item', 'POST /api/items/{id}', 'EchoIntegration'),
        ...route('SlowRoute', 'GET /api/slow', 'SlowIntegration'),
        ...authorizer('Open', {}),
        ...authorizer('Cached', {
          AuthorizerResultTtlInSeconds: 300,
          IdentitySource: ['$request.header.token'],
        }),
        ...route('OpenRoute', 'GET /api/open', 'EchoIntegration', { Ref: 'Open' }),
        ...route('CachedRoute', 'GET /api/cached', 'EchoIntegration', { Ref: 'Cached' }),
      },
      Outputs: {
        Url: { Value: { 'Fn::GetAtt': ['Api', 'ApiEndpoint'] } },
        Composed: {
          Value: {
            'Fn::Join': [
              '',
              [
                'https://',
                { Ref: 'Api' },
                '.execute-api.',
                { Ref: 'AWS::Region' },
                '.',
                { Ref: 'AWS::URLSuffix' },
                '/',
              ],
            ],
          },
        },
      },
    },
  },
};

let runtime: Runtime;
const directory = temporaryDirectory();
beforeAll(async () => {
  const consoleDir = join(directory.path, 'console');
  mkdirSync(join(consoleDir, 'assets'), { recursive: true });
  writeFileSync(join(consoleDir, 'index.html'), '<!doctype html><title>Console</title>');
  writeFileSync(join(consoleDir, 'assets', 'index-Ab12_cd34.js'), `export const x = '${'x'.repeat(3000)}';`);
  writeFileSync(join(directory.path, 'secret.txt'), 'secret');
  runtime = await startRuntime({
    cdkOut: writeApp(directory.path, app),
    stateDir: join(directory.path, 'state'),
    port: 0,
    consoleDir,
  });
});
afterAll(async () => {
  await runtime?.close();
  directory[Symbol.dispose]();
});
const get = (path: string, init?: RequestInit) => fetch(new URL(path, runtime.url), init);

const echoed = z.object({
  version: z.string(),
  routeKey: z.string(),
  rawPath: z.string(),
  rawQueryString: z.string(),
  cookies: z.array(z.string()).optional(),
  headers: z.record(z.string(), z.string()),
  queryStringParameters: z.record(z.string(), z.string()).optional(),
  pathParameters: z.record(z.string(), z.string()).optional(),
  body: z.string().optional(),
  isBase64Encoded: z.boolean(),
  requestContext: z.object({
    requestId: z.string().min(1),
    domainName: z.string(),
    stage: z.literal('$default'),
    http: z.object({ method: z.string(), path: z.string(), sourceIp: z.string() }),
    authorizer: z.object({ lambda: z.record(z.string(), z.unknown()) }).optional(),
  }),
});
const event = async (path: string, init?: RequestInit) => echoed.parse(await (await get(path, init)).json());

describe('events (payload format 2.0)', () => {
  it('carry route, parameters, query, cookies and body', async () => {
    const got = await event('/api/items/a%2Fb?x=1&x=2&y=%C3%A4', {
      method: 'POST',
      headers: { 'content-type': 'application/json', cookie: 'session=s; theme=dark', 'X-Own': 'Value' },
      body: '{"a":1}',
    });
    expect(got).toMatchObject({
      version: '2.0',
      routeKey: 'POST /api/items/{id}',
      rawQueryString: 'x=1&x=2&y=%C3%A4',
      cookies: ['session=s', 'theme=dark'],
      queryStringParameters: { x: '1,2', y: 'ä' },
      pathParameters: { id: 'a/b' },
      body: '{"a":1}',
      isBase64Encoded: false,
      requestContext: { http: { method: 'POST', sourceIp: '127.0.0.1' } },
    });
    expect(got.headers['x-own']).toBe('Value');
    expect(got.headers.cookie).toBeUndefined();
    expect(got.requestContext.domainName).toBe(new URL(runtime.url).host);
  });

  it('carry bytes as base64', async () => {
    const got = await event('/api/items/1', {
      method: 'POST',
      headers: { 'content-type': 'application/octet-stream' },
      body: Buffer.from([0, 255]),
    });
    expect(got).toMatchObject({ body: 'AP8=', isBase64Encoded: true });
  });
});

describe('answers', () => {
  it('carry status, cookies and bytes', async () => {
    const response = await get('/api/bytes');
    expect(response.status).toBe(201);
    expect(response.headers.getSetCookie()).toEqual(['a=1; Path=/', 'b=2']);
    expect([...new Uint8Array(await response.arrayBuffer())]).toEqual([0, 1, 2]);
  });

  it('are 200 JSON without a status code', async () => {
    const response = await get('/api/plain');
    expect([response.status, await response.json()]).toEqual([200, { hello: 'there' }]);
  });

  it.each([
    ['/api/fail', 500, 'Internal Server Error'],
    ['/api/odd', 500, 'Internal Server Error'],
    ['/api/slow', 503, 'Service Unavailable'],
    ['/api', 404, 'Not Found'],
  ])('%s answers %i', async (path, status, message) => {
    const response = await get(path);
    expect([response.status, await response.json()]).toEqual([status, { message }]);
  });

  it('are compressed when large', async () => {
    const body = await new Promise<{ readonly encoding: string | undefined; readonly bytes: Buffer }>(
      (resolve, reject) => {
        request(
          new URL('/api/large', runtime.url),
          { headers: { 'accept-encoding': 'gzip, br' } },
          async (response) => {
            resolve({
              encoding: response.headers['content-encoding'],
              bytes: Buffer.concat(await response.toArray()),
            });
          },
        )
          .on('error', reject)
          .end();
      },
    );
    expect(body.encoding).toBe('br');
    expect(JSON.parse(brotliDecompressSync(body.bytes).toString())).toHaveLength(5000);
    expect(body.bytes.length).toBeLessThan(2000);
  });

  it('refuse what a function could not take', async () => {
    const response = await get('/api/x', {
      method: 'POST',
      body: Buffer.alloc(7 * 1024 * 1024, 'x'),
      headers: { 'content-type': 'text/plain' },
    });
    expect(response.status).toBe(413);
  });

  it('refuse more than 10 MB', async () => {
    const response = await get('/api/x', { method: 'POST', body: Buffer.alloc(10 * 1024 * 1024 + 1) }).catch(
      () => undefined,
    );
    // The server may have closed the connection while the client still wrote.
    if (response) expect(response.status).toBe(413);
    expect(
      (
        await get('/api/x', {
          method: 'POST',
          body: Buffer.alloc(5 * 1024 * 1024, 'x'),
          headers: { 'content-type': 'text/plain' },
        })
      ).status,
    ).not.toBe(413);
  });

  it('survive a client that goes away in the middle', async () => {
    const { port } = new URL(runtime.url);
    await new Promise<void>((resolve) => {
      const socket = connect(Number(port), '127.0.0.1', () => {
        socket.write('POST /api/x HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf');
        socket.destroy();
        resolve();
      });
    });
    expect((await get('/api/plain')).status).toBe(200);
  });
});

describe('the authorizer', () => {
  it('without identity sources is always asked, and its context reaches the function', async () => {
    const first = await event('/api/open', { headers: { token: 'one' } });
    const second = await event('/api/open', { headers: { token: 'one' } });
    expect(first.requestContext.authorizer?.lambda).toMatchObject({ token: 'one', source: null });
    expect(second.requestContext.authorizer?.lambda.calls).not.toBe(
      first.requestContext.authorizer?.lambda.calls,
    );
  });

  it('with an identity source is remembered by it, apart for each', async () => {
    const calls = async (token: string) =>
      (await event('/api/cached', { headers: { token } })).requestContext.authorizer?.lambda.calls;
    const one = await calls('remember');
    expect(await calls('remember')).toBe(one);
    expect(await calls('another')).not.toBe(one);
  });

  it.each([
    ['/api/cached', undefined, 401, 'Unauthorized'],
    ['/api/cached', 'bad', 403, 'Forbidden'],
    ['/api/cached', 'broken', 500, 'Internal Server Error'],
    ['/api/open', 'bad', 403, 'Forbidden'],
  ])('%s with token %s answers %i', async (path, token, status, message) => {
    const response = await get(path, token ? { headers: { token } } : {});
    expect([response.status, await response.json()]).toEqual([status, { message }]);
  });
});

describe('the console', () => {
  it.each(['/', '/alerts/17', '/index.html'])('serves its page at %s', async (path) => {
    const response = await get(path);
    expect(await response.text()).toContain('<title>Console</title>');
    expect(response.headers.get('cache-control')).toBe('no-cache');
  });

  it('serves hashed assets for good, compressed', async () => {
    const response = await get('/assets/index-Ab12_cd34.js');
    expect(response.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    expect(response.headers.get('content-encoding')).toMatch(/^(br|gzip)$/);
    expect(await response.text()).toContain('xxx');
  });

  it('answers 304 to what the browser has', async () => {
    const etag = (await get('/')).headers.get('etag') ?? '';
    expect((await get('/', { headers: { 'if-none-match': etag } })).status).toBe(304);
  });

  it.each(['/assets/none.js', '/..%2Fsecret.txt', '/%2e%2e/secret.txt', '/a%00b', '/%E0%A4%A.txt'])(
    'has nothing at %s',
    async (path) => {
      expect((await get(path)).status).toBe(404);
    },
  );
});

it('stacks see the local address, taken from the API or composed', () => {
  expect(runtime.outputs.App).toEqual({ Url: runtime.url, Composed: `${runtime.url}/` });
});
