import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { nameOf, readProperties } from '../cloudformation/properties.ts';
import { chunks } from '../metering/meter.ts';
import type { LocalService, ResolvedResource, Surroundings } from '../ports.ts';
import { closeServer, readBody, ServiceError } from '../shared/json-service.ts';
import {
  apiProperties,
  authorizerProperties,
  integrationProperties,
  routeProperties,
  stageProperties,
} from './api-properties.ts';
import { type Authorizer, createAuthorizers } from './authorizer.ts';
import { chooseEncoding, compress } from './compression.ts';
import { type Cors, corsHeaders } from './cors.ts';
import {
  type ApiRequest,
  type ApiResponse,
  integrationEvent,
  plainResponse,
  toApiRequest,
  toApiResponse,
} from './event.ts';
import { matchRoute, parseRouteKey, type RouteKey } from './routes.ts';
import { createStaticFiles } from './static-files.ts';

const maxBodyBytes = 10 * 1024 * 1024;
/** What Lambda takes as one event, whatever API Gateway takes as a body. */
const maxEventBytes = 6 * 1024 * 1024;

type Route = {
  readonly id: string;
  readonly keyText: string;
  readonly key: RouteKey;
  readonly target: string;
  readonly authorizerId: string | undefined;
};
type Integration = { readonly functionArn: string; readonly timeoutMs: number };

export type HttpApiOptions = {
  /** 0 takes a free one. */
  readonly port: number;
  /** The built console; without it paths outside the API are not found. */
  readonly consoleDir?: string;
};

/** One HTTP API of the templates and the console, on the one port that people use. */
export const startHttpApi = async (
  {
    region,
    accountId,
    invoke,
    log,
    meter,
  }: Pick<Surroundings, 'region' | 'accountId' | 'invoke' | 'log' | 'meter'>,
  { port, consoleDir }: HttpApiOptions,
): Promise<LocalService & { readonly endpoint: string }> => {
  let api: { readonly id: string; readonly owner: string; readonly cors: Cors | undefined } | undefined;
  const routes: Route[] = [];
  const integrations = new Map<string, Integration>();
  const authorizers = new Map<string, Authorizer>();
  const authorize = createAuthorizers(invoke);
  const serveFile = consoleDir ? createStaticFiles(consoleDir) : undefined;

  const createApi = (resource: ResolvedResource) => {
    const { CorsConfiguration: cors } = readProperties(resource, apiProperties);
    if (api)
      throw new Error(`${nameOf(resource)}: the local runtime serves one HTTP API, and ${api.owner} is it`);
    const id = resource.logicalId.toLowerCase();
    api = { id, owner: nameOf(resource), cors };
    const host = `https://${id}.execute-api.${region}.amazonaws.com`;
    return {
      ref: id,
      attributes: { ApiEndpoint: publicUrl, ApiId: id },
      urls: { [`${host}/`]: `${publicUrl}/`, [host]: publicUrl },
    };
  };
  const createIntegration = (resource: ResolvedResource) => {
    const { IntegrationUri, TimeoutInMillis } = readProperties(resource, integrationProperties);
    integrations.set(resource.logicalId, {
      functionArn: functionArnOf(IntegrationUri),
      timeoutMs: TimeoutInMillis,
    });
    return { ref: resource.logicalId, attributes: { IntegrationId: resource.logicalId } };
  };
  const createAuthorizer = (resource: ResolvedResource) => {
    const properties = readProperties(resource, authorizerProperties);
    if (!properties.EnableSimpleResponses)
      throw new Error(`${nameOf(resource)}: the local API knows simple responses only`);
    authorizers.set(resource.logicalId, {
      functionArn: functionArnOf(properties.AuthorizerUri),
      identitySource: properties.IdentitySource,
      cacheSeconds: properties.AuthorizerResultTtlInSeconds,
    });
    return { ref: resource.logicalId, attributes: { AuthorizerId: resource.logicalId } };
  };
  const createRoute = (resource: ResolvedResource) => {
    const properties = readProperties(resource, routeProperties);
    if (properties.AuthorizationType === 'CUSTOM' && !authorizers.has(properties.AuthorizerId ?? ''))
      throw new Error(`${nameOf(resource)}: there is no authorizer ${properties.AuthorizerId}`);
    const target = properties.Target.replace(/^integrations\//, '');
    if (!integrations.has(target)) throw new Error(`${nameOf(resource)}: there is no integration ${target}`);
    routes.push({
      id: resource.logicalId,
      keyText: properties.RouteKey,
      key: parseRouteKey(properties.RouteKey),
      target,
      authorizerId: properties.AuthorizationType === 'CUSTOM' ? properties.AuthorizerId : undefined,
    });
    return { ref: resource.logicalId, attributes: { RouteId: resource.logicalId } };
  };

  let ready = false;
  const answerApi = async (request: ApiRequest): Promise<ApiResponse | undefined> => {
    if (!api) return undefined;
    const found = matchRoute(routes, request.method, request.path);
    const integration = found && integrations.get(found.route.target);
    if (!found || !integration) return undefined;
    const { route, params } = found;
    const place = { apiId: api.id, accountId, stage: '$default' };
    const matched = { routeKey: route.keyText, params };
    const authorizer = route.authorizerId ? authorizers.get(route.authorizerId) : undefined;
    let context: Readonly<Record<string, unknown>> | undefined;
    if (authorizer && route.authorizerId) {
      const routeArn = `arn:aws:execute-api:${region}:${accountId}:${api.id}/$default/${request.method}${request.path}`;
      const verdict = await authorize(route.authorizerId, authorizer, request, place, matched, routeArn);
      if (verdict.kind === 'unauthorized') return plainResponse(401, 'Unauthorized');
      if (verdict.kind === 'forbidden') return plainResponse(403, 'Forbidden');
      if (verdict.kind === 'failed') return plainResponse(500, 'Internal Server Error');
      context = verdict.context;
    }
    const event = integrationEvent(request, place, matched, context);
    if (Buffer.byteLength(event.body ?? '') > maxEventBytes)
      return plainResponse(413, 'Request Entity Too Large');
    const outcome = await within(integration.timeoutMs, invoke(integration.functionArn, event));
    if (!outcome) return plainResponse(503, 'Service Unavailable');
    return (
      (outcome.ok ? toApiResponse(outcome.payload) : undefined) ?? plainResponse(500, 'Internal Server Error')
    );
  };

  const send = async (
    request: IncomingMessage,
    response: ServerResponse,
    answer: ApiResponse,
    requestId: string,
  ) => {
    const cors = api?.cors ? corsHeaders(api.cors, request.headers.origin) : {};
    const encoding = answer.headers['content-encoding']
      ? undefined
      : chooseEncoding(
          String(request.headers['accept-encoding'] ?? ''),
          answer.headers['content-type'],
          answer.body.length,
        );
    const body = encoding ? await compress(answer.body, encoding, 3) : answer.body;
    const bodyless = answer.status === 204 || answer.status === 304;
    response.writeHead(answer.status, {
      ...answer.headers,
      ...cors,
      ...(answer.cookies.length > 0 && { 'set-cookie': [...answer.cookies] }),
      ...(!bodyless && { 'content-length': body.length }),
      ...(encoding && { 'content-encoding': encoding, vary: 'accept-encoding' }),
      'apigw-requestid': requestId,
    });
    response.end(bodyless || request.method === 'HEAD' ? undefined : body);
  };

  const handle = async (message: IncomingMessage, response: ServerResponse) => {
    let request: ApiRequest;
    try {
      request = toApiRequest(message, await readBody(message, maxBodyBytes));
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      response.shouldKeepAlive = false;
      return send(message, response, plainResponse(413, 'Request Entity Too Large'), '');
    }
    if (api?.cors && request.method === 'OPTIONS' && request.headers.origin)
      return send(
        message,
        response,
        { status: 204, headers: {}, cookies: [], body: Buffer.alloc(0) },
        request.requestId,
      );
    if (!ready) return send(message, response, plainResponse(503, 'Service Unavailable'), request.requestId);
    const answer = await answerApi(request);
    if (answer) {
      const bytes = Math.max(Number(message.headers['content-length'] ?? 0), answer.body.length);
      meter?.count('apigateway.requests', 'api', chunks(bytes, 512 * 1024));
      meter?.count('transfer.outBytes', 'api', answer.body.length);
      return send(message, response, answer, request.requestId);
    }
    if (
      !isApiPath(routes, request.path) &&
      (await serveFile?.(request.method, request.path, message.headers, response))
    )
      return;
    return send(message, response, plainResponse(404, 'Not Found'), request.requestId);
  };

  const server = createServer({ maxHeaderSize: 16 * 1024 }, (message, response) => {
    handle(message, response).catch((error: unknown) => {
      log('http-api', `${message.method} failed: ${error instanceof Error ? error.message : String(error)}`);
      if (!response.headersSent) response.writeHead(500, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ message: 'Internal Server Error' }));
    });
  });
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: '127.0.0.1', port }, resolve);
  }).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')
      throw new Error(`Port ${port} is taken by another program; choose another with --port`);
    throw error;
  });
  const address = server.address();
  const publicUrl = `http://localhost:${typeof address === 'object' && address ? address.port : port}`;

  return {
    endpoint: publicUrl,
    resources: {
      'AWS::ApiGatewayV2::Api': createApi,
      'AWS::ApiGatewayV2::Stage': (resource) => {
        readProperties(resource, stageProperties);
        return { ref: '$default' };
      },
      'AWS::ApiGatewayV2::Integration': createIntegration,
      'AWS::ApiGatewayV2::Authorizer': createAuthorizer,
      'AWS::ApiGatewayV2::Route': createRoute,
    },
    begin: () => {
      ready = true;
    },
    close: () => closeServer(server),
  };
};

/** From a function's ARN, or from the invocation URI that authorizers name it by. */
const functionArnOf = (uri: string) => /functions\/(arn:[^/]+)\/invocations$/.exec(uri)?.[1] ?? uri;

/** Paths under a first segment that some route has belong to the API; all others may be the console's. */
const isApiPath = (routes: readonly Route[], path: string) => {
  const first = path.split('/')[1];
  return routes.some(
    ({ key }) => key.kind === 'route' && key.segments[0] === first && !first?.startsWith('{'),
  );
};

const within = async <T>(ms: number, work: Promise<T>): Promise<T | undefined> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
};
