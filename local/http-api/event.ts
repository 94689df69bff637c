import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import * as z from 'zod';

/** A request as the API received it, before a route was found. */
export type ApiRequest = {
  readonly requestId: string;
  readonly atMs: number;
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly cookies: readonly string[];
  readonly sourceIp: string;
  readonly protocol: string;
  readonly body: Buffer;
};

export const toApiRequest = (message: IncomingMessage, body: Buffer): ApiRequest => {
  const target = message.url ?? '/';
  const mark = target.indexOf('?');
  const { cookie, ...rest } = message.headers;
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(rest))
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(',') : value;
  const sourceIp = message.socket.remoteAddress?.replace(/^::ffff:/, '') ?? '127.0.0.1';
  return {
    requestId: randomUUID(),
    atMs: Date.now(),
    method: message.method ?? 'GET',
    path: mark < 0 ? target : target.slice(0, mark),
    query: mark < 0 ? '' : target.slice(mark + 1),
    headers: {
      ...headers,
      'x-amzn-trace-id': `Root=1-${Math.floor(Date.now() / 1000).toString(16)}-${randomUUID().replaceAll('-', '').slice(0, 24)}`,
      'x-forwarded-for': sourceIp,
      'x-forwarded-port': String(message.socket.localPort ?? ''),
      'x-forwarded-proto': 'http',
    },
    cookies: cookie ? cookie.split(/;\s*/).filter(Boolean) : [],
    sourceIp,
    protocol: `HTTP/${message.httpVersion}`,
    body,
  };
};

/** What every event of one request shares; the API's identity. */
export type ApiPlace = { readonly apiId: string; readonly accountId: string; readonly stage: string };
type Matched = { readonly routeKey: string; readonly params: Readonly<Record<string, string>> };

const queryOf = (query: string) => {
  const parameters: Record<string, string> = {};
  for (const [name, value] of new URLSearchParams(query))
    parameters[name] = name in parameters ? `${parameters[name]},${value}` : value;
  return parameters;
};

const clfMonths = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const clfTime = (atMs: number) => {
  const at = new Date(atMs);
  const two = (value: number) => String(value).padStart(2, '0');
  return `${two(at.getUTCDate())}/${clfMonths[at.getUTCMonth()]}/${at.getUTCFullYear()}:${two(at.getUTCHours())}:${two(at.getUTCMinutes())}:${two(at.getUTCSeconds())} +0000`;
};

const isText = (contentType: string | undefined) =>
  contentType === undefined ||
  /^(text\/|application\/(json|javascript|xml|[\w.-]+\+(json|xml)))/i.test(contentType);

const common = (request: ApiRequest, place: ApiPlace, { routeKey, params }: Matched) => {
  const query = queryOf(request.query);
  const domainName = request.headers.host ?? 'localhost';
  return {
    version: '2.0',
    routeKey,
    rawPath: request.path,
    rawQueryString: request.query,
    ...(request.cookies.length > 0 && { cookies: request.cookies }),
    headers: request.headers,
    ...(Object.keys(query).length > 0 && { queryStringParameters: query }),
    requestContext: {
      accountId: place.accountId,
      apiId: place.apiId,
      domainName,
      domainPrefix: domainName.split(/[.:]/)[0],
      http: {
        method: request.method,
        path: request.path,
        protocol: request.protocol,
        sourceIp: request.sourceIp,
        userAgent: request.headers['user-agent'] ?? '',
      },
      requestId: request.requestId,
      routeKey,
      stage: place.stage,
      time: clfTime(request.atMs),
      timeEpoch: request.atMs,
    },
    ...(Object.keys(params).length > 0 && { pathParameters: params }),
  };
};

/** The event of a proxy integration, payload format 2.0. `context` is what the authorizer said. */
export const integrationEvent = (
  request: ApiRequest,
  place: ApiPlace,
  matched: Matched,
  context?: Readonly<Record<string, unknown>>,
) => {
  const event = common(request, place, matched);
  const text = isText(request.headers['content-type']);
  return {
    ...event,
    requestContext: { ...event.requestContext, ...(context && { authorizer: { lambda: context } }) },
    ...(request.body.length > 0 && { body: request.body.toString(text ? 'utf8' : 'base64') }),
    isBase64Encoded: request.body.length > 0 && !text,
  };
};

/** The event of a REQUEST authorizer, payload format 2.0: no body, and its identity sources. */
export const authorizerEvent = (
  request: ApiRequest,
  place: ApiPlace,
  matched: Matched,
  routeArn: string,
  identity: readonly string[],
) => ({
  ...common(request, place, matched),
  type: 'REQUEST',
  routeArn,
  identitySource: identity.length > 0 ? identity : null,
});

const structured = z.object({
  statusCode: z.coerce.number().int().min(100).max(599),
  headers: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).nullish(),
  cookies: z.array(z.string()).nullish(),
  body: z.string().nullish(),
  isBase64Encoded: z.boolean().nullish(),
});

export type ApiResponse = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly cookies: readonly string[];
  readonly body: Buffer;
};

/**
 * A function's answer as an HTTP response: with a `statusCode` as it says, without one as 200 and JSON. Undefined for an
 * answer that API Gateway would turn into 500.
 */
export const toApiResponse = (payload: unknown): ApiResponse | undefined => {
  const isStructured = typeof payload === 'object' && payload !== null && 'statusCode' in payload;
  if (!isStructured) {
    const text = typeof payload === 'string' ? payload : JSON.stringify(payload ?? {});
    return {
      status: 200,
      headers: { 'content-type': 'application/json' },
      cookies: [],
      body: Buffer.from(text),
    };
  }
  const parsed = structured.safeParse(payload);
  if (!parsed.success) return undefined;
  const { statusCode, headers, cookies, body, isBase64Encoded } = parsed.data;
  const own = Object.fromEntries(
    Object.entries(headers ?? {}).map(([name, value]) => [name.toLowerCase(), String(value)]),
  );
  return {
    status: statusCode,
    headers: {
      ...(body && !('content-type' in own) && { 'content-type': 'text/plain; charset=utf-8' }),
      ...own,
    },
    cookies: cookies ?? [],
    body: Buffer.from(body ?? '', isBase64Encoded ? 'base64' : 'utf8'),
  };
};

export const plainResponse = (status: number, message: string): ApiResponse => ({
  status,
  headers: { 'content-type': 'application/json' },
  cookies: [],
  body: Buffer.from(JSON.stringify({ message })),
});
