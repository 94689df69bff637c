import middy from '@middy/core';
import type {
  APIGatewayProxyEventV2WithLambdaAuthorizer,
  APIGatewayProxyStructuredResultV2,
  Context,
} from 'aws-lambda';
import type * as z from 'zod';
import { type Principal, principal } from '../../contracts/access.ts';
import { type ApiError, errorStatus } from '../../contracts/api-error.ts';
import { type Device, device } from '../../contracts/gateway-keys.ts';
import type { Route, RouteTable } from '../../contracts/route.ts';
import type { Language } from '../../contracts/text.ts';
import { runAsKey } from './acting-key.ts';
import { admit } from './admit.ts';
import { systemClock } from './clock.ts';
import { jsonOf, type Written } from './json-text.ts';
import { logger } from './logger.ts';
import { type Failure, fail, type Result, succeed } from './result.ts';

type Event = APIGatewayProxyEventV2WithLambdaAuthorizer<
  { readonly principal?: string; readonly device?: string } | undefined
>;
type Parsed<S> = S extends z.ZodType ? z.output<S> : undefined;

/** What a bound use case receives: parsed input and who asks. On public routes there may be nobody. */
export type RouteInput<R extends Route> = {
  readonly who: R['access'] extends 'public'
    ? Principal | undefined
    : R['access'] extends 'device'
      ? Device
      : Principal;
  readonly params: Parsed<R['params']>;
  readonly query: Parsed<R['query']>;
  readonly body: Parsed<R['body']>;
  /** What an `upload` route was sent; empty on all others. */
  readonly bytes: Uint8Array;
  readonly cookies: readonly string[];
  /** The query string as it came, for what must be handed on untouched. */
  readonly rawQuery: string;
  /** Scheme and host as the browser knows them. */
  readonly origin: string;
  /** Who connected to the API, and the viewer for whom it says to speak: an edge of the distribution and the browser. */
  readonly source: { readonly peer: string; readonly viewer: string };
  readonly userAgent: string;
  readonly requestId: string;
  /** The header `Idempotency-Key`: the same request made twice under it takes effect once. */
  readonly idempotencyKey: string | undefined;
  /** The caller's, by `Accept-Language`: Chinese where it begins with `zh`, else English. */
  readonly language: Language;
};
type Success<R extends Route> = R['success'] extends { body: infer B extends z.ZodType }
  ? z.input<B>
  : undefined;
/** A body, or a body with headers and cookies where a route needs them. */
export type Reply<B> = {
  /** Text that is JSON already stands within it where there are many numbers (json-text.ts). */
  readonly body: B | (B extends object ? Written<B> : never);
  readonly headers?: Record<string, string>;
  readonly cookies?: string[];
  /** Instead of the body, where the route answers with a file. */
  readonly file?: {
    readonly bytes: Uint8Array;
    readonly contentType: string;
    readonly fileName: string;
  };
};
export type Handlers<T extends RouteTable> = {
  readonly [K in keyof T]: (input: RouteInput<T[K]>) => Promise<Result<Reply<Success<T[K]>>>>;
};

/** Any of a table's bound use cases. */
type Handler = (input: never) => Promise<Result<Reply<unknown>>>;

const maxBodyBytes = 1024 * 1024;

/**
 * One context's HTTP function: finds the route, checks who asks (401, 403), parses what was sent (400), calls the bound
 * use case and maps its result. The order is the documented one, so a stranger learns nothing from validation errors.
 */
export const apiHandler = <const T extends RouteTable>(table: T, handlers: Handlers<T>) => {
  const byKey = new Map(
    Object.entries(table).map(([id, route]) => [`${route.method} ${route.path}`, { id, route }]),
  );
  const bound = new Map(Object.entries<Handler>(handlers));
  const handle = async (event: Event): Promise<APIGatewayProxyStructuredResultV2> => {
    const requestId = event.requestContext.requestId;
    const found = byKey.get(event.routeKey);
    if (!found) return refuse(requestId, { code: 'not_found', message: 'Not found' });
    const admitted = admitEvent(found.route, event);
    if (!admitted.ok) return refuse(requestId, admitted.failure);
    const input = parseInput(found.route, event);
    if (!input.ok) return refuse(requestId, input.failure);
    const handler = bound.get(found.id);
    if (!handler) throw new Error(`Operation ${found.id} is not bound`);
    const parsed = {
      ...input.value,
      who: admitted.value,
      cookies: event.cookies ?? [],
      rawQuery: event.rawQueryString,
      origin: originOf(event),
      source: sourceOf(event),
      userAgent: event.requestContext.http.userAgent,
      language: languageOf(event),
      idempotencyKey: event.headers['idempotency-key'],
      requestId,
    };
    // The route's own schemas made `parsed` just now, which the compiler cannot follow through the map.
    const result = await runAsKey(keyOf(admitted.value), () => handler(parsed as never));
    if (!result.ok) return refuse(requestId, result.failure);
    const { body, headers, cookies, file } = result.value;
    if (file) return answerFile(found.route.success.status, file);
    return {
      statusCode: found.route.success.status,
      headers: {
        'cache-control': 'no-store',
        ...(body !== undefined && { 'content-type': 'application/json; charset=utf-8' }),
        ...headers,
      },
      ...(cookies && { cookies }),
      ...(body !== undefined && { body: jsonOf(body) }),
    };
  };
  return middy<Event, APIGatewayProxyStructuredResultV2, Error, Context>(handle).use({
    before: ({ event, context }) => {
      logger.addContext(context);
      logger.appendKeys({ requestId: event.requestContext.requestId, route: event.routeKey });
    },
    after: ({ response }) => logger.info('answered', { status: response?.statusCode }),
    onError: (request) => {
      logger.error('failed', { reason: request.error?.name, message: request.error?.message });
      request.response = answer(
        request.event.requestContext.requestId,
        500,
        'internal_error',
        'Internal server error',
      );
    },
  });
};

const keyOf = (who: Principal | Device | undefined) => (who && 'keyId' in who ? who.keyId : undefined);

const answerFile = (
  statusCode: number,
  { bytes, contentType, fileName }: NonNullable<Reply<unknown>['file']>,
): APIGatewayProxyStructuredResultV2 => {
  const isText = contentType.startsWith('text/');
  return {
    statusCode,
    headers: {
      'cache-control': 'no-store',
      'content-type': contentType,
      'content-disposition': `attachment; filename="${fileName}"`,
      'x-content-type-options': 'nosniff',
    },
    body: Buffer.from(bytes).toString(isText ? 'utf8' : 'base64'),
    isBase64Encoded: !isText,
  };
};

/** A stranger is told nothing but that; what another site's page asks for in a session is refused before its rights are looked at. */
const admitEvent = (route: Route, event: Event): Result<Principal | Device | undefined> => {
  const { principal: text, device: gateway } = event.requestContext.authorizer?.lambda ?? {};
  if (route.access === 'device')
    return gateway
      ? succeed(device.parse(JSON.parse(gateway)))
      : fail('not_authenticated', 'Authentication required');
  const who = text ? principal.parse(JSON.parse(text)) : undefined;
  const isBrowser = who !== undefined && who.via !== 'api_key';
  if (isBrowser && route.access !== 'public' && route.method !== 'GET' && isForeignOrigin(event))
    return fail('forbidden', 'Cross-site request refused');
  return admit(route, who, systemClock.nowMs());
};

const languageOf = ({ headers }: Event): Language =>
  /^\s*zh\b/i.test(headers['accept-language'] ?? '') ? 'zh' : 'en';

/** A browser says where a request comes from; a state change asked for by another site's page is refused. */
const isForeignOrigin = ({ headers, requestContext }: Event) => {
  const site = headers['sec-fetch-site'];
  if (site && site !== 'same-origin' && site !== 'none') return true;
  const origin = headers.origin;
  return (
    origin !== undefined &&
    URL.parse(origin)?.host !== (headers['x-forwarded-host'] ?? headers.host ?? requestContext.domainName)
  );
};

/** The API appends its peer to `x-forwarded-for`; what stands before that, the peer wrote. */
const sourceOf = ({ headers, requestContext }: Event) => {
  const peer = requestContext.http.sourceIp;
  const viewer = (headers['x-forwarded-for'] ?? '').split(',').at(-2)?.trim();
  return { peer, viewer: viewer || peer };
};

/** Behind the distribution the browser's host comes in x-forwarded-host; loopback alone is plain HTTP. */
const originOf = ({ headers, requestContext }: Event) => {
  const host = headers['x-forwarded-host'] ?? headers.host ?? requestContext.domainName;
  return `${/^(localhost|127\.0\.0\.1)(:|$)/.test(host) ? 'http' : 'https'}://${host}`;
};

const parseInput = (
  route: Route,
  event: Event,
): Result<{ params: unknown; query: unknown; body: unknown; bytes: Uint8Array }> => {
  const bytes = route.body || route.upload ? bodyOf(event) : succeed(Buffer.alloc(0));
  if (!bytes.ok) return bytes;
  if (route.upload && !route.upload.includes(mediaTypeOf(event)))
    return fail('validation_failed', `content-type must be ${route.upload.join(' or ')}`);
  const body = route.body ? parseJson(bytes.value) : succeed(undefined);
  if (!body.ok) return body;
  const issues: z.core.$ZodIssue[] = [];
  const read = (schema: z.ZodType | undefined, value: unknown) => {
    if (!schema) return undefined;
    const parsed = schema.safeParse(value, { reportInput: true });
    if (parsed.success) return parsed.data;
    issues.push(...parsed.error.issues);
    return undefined;
  };
  const value = {
    params: read(route.params, event.pathParameters ?? {}),
    query: read(route.query, event.queryStringParameters ?? {}),
    body: read(route.body, body.value),
    bytes: bytes.value,
  };
  return issues.length === 0 ? succeed(value) : { ok: false, failure: describeIssues(issues) };
};

const mediaTypeOf = ({ headers }: Event) =>
  (headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';

const bodyOf = (event: Event): Result<Buffer> => {
  const bytes = Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8');
  return bytes.length > maxBodyBytes
    ? fail('payload_too_large', 'The request body is larger than 1 MB')
    : succeed(bytes);
};

const parseJson = (bytes: Buffer): Result<unknown> => {
  if (bytes.length === 0) return succeed({});
  try {
    return succeed(JSON.parse(bytes.toString('utf8')));
  } catch {
    return fail('validation_failed', 'The request body is not JSON');
  }
};

/** The sentences of `001` §6: `{field} is required`, `{field} must be a non-empty array`; else the field and its fault. */
export const describeIssues = (issues: readonly z.core.$ZodIssue[]): Failure => {
  const described = issues.flatMap((issue) => {
    const field = issue.path.join('.');
    if (issue.code === 'unrecognized_keys')
      return issue.keys.map((key) => ({ field: key, message: `${key} is not a known field` }));
    if (isMissing(issue)) return [{ field, message: `${field} is required` }];
    if (isEmptyArrayIssue(issue)) return [{ field, message: `${field} must be a non-empty array` }];
    return [{ field, message: `${field}: ${issue.message}` }];
  });
  return {
    code: 'validation_failed',
    message: described[0]?.message ?? 'Invalid request',
    issues: described,
  };
};

/** Left out, or an empty text where one is needed. */
const isMissing = (issue: z.core.$ZodIssue) =>
  (issue.code === 'invalid_type' && issue.input === undefined && issue.expected !== 'array') ||
  (issue.code === 'invalid_value' && issue.input === undefined) ||
  (issue.code === 'too_small' && issue.origin === 'string' && issue.minimum === 1);

const isEmptyArrayIssue = (issue: z.core.$ZodIssue) =>
  (issue.code === 'too_small' && issue.origin === 'array') ||
  (issue.code === 'invalid_type' && issue.expected === 'array');

const refuse = (requestId: string, { code, message, issues, retryAfterS }: Failure) => {
  const refusal = answer(requestId, errorStatus[code], code, message, issues);
  return retryAfterS === undefined
    ? refusal
    : { ...refusal, headers: { ...refusal.headers, 'retry-after': String(retryAfterS) } };
};

const answer = (
  requestId: string,
  statusCode: number,
  code: ApiError['code'],
  error: string,
  issues?: Failure['issues'],
): APIGatewayProxyStructuredResultV2 => ({
  statusCode,
  headers: { 'cache-control': 'no-store', 'content-type': 'application/json; charset=utf-8' },
  body: JSON.stringify({ error, code, request_id: requestId, ...(issues && { issues }) }),
});
