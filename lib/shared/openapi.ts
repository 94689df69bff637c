import * as z from 'zod';
import { createDocument, type ZodOpenApiOperationObject, type ZodOpenApiPathsObject } from 'zod-openapi';
import { apiError } from '../../contracts/api-error.ts';
import type { Route, RouteTable } from '../../contracts/route.ts';
import { advisorRoutes } from '../../lambdas/advisor/api.ts';
import { alertingRoutes } from '../../lambdas/alerting/api.ts';
import { auditRoutes } from '../../lambdas/audit/api.ts';
import { controlRoutes } from '../../lambdas/control/api.ts';
import { fleetRoutes } from '../../lambdas/fleet/api.ts';
import { gatewayRoutes } from '../../lambdas/gateway/api.ts';
import { credentialRoutes, edgeRoutes } from '../../lambdas/gateway/edge-api.ts';
import { identityRoutes } from '../../lambdas/identity/api.ts';
import { usersRoutes } from '../../lambdas/identity/users-api.ts';
import { legacyEdgeRoutes, legacyRoutes, legacySettingRoutes } from '../../lambdas/legacy/api.ts';
import { sealingRoutes } from '../../lambdas/sealing/api.ts';
import { telemetryRoutes } from '../../lambdas/telemetry/api.ts';
import { webhookRoutes } from '../../lambdas/webhooks/api.ts';

/** Every route table of the product, by context. */
export const routeTables: Readonly<Record<string, RouteTable>> = {
  identity: identityRoutes,
  users: usersRoutes,
  fleet: fleetRoutes,
  gateway: gatewayRoutes,
  edge: { ...credentialRoutes, ...edgeRoutes },
  telemetry: telemetryRoutes,
  alerting: alertingRoutes,
  advisor: advisorRoutes,
  control: controlRoutes,
  audit: auditRoutes,
  webhooks: webhookRoutes,
  legacy: { ...legacySettingRoutes, ...legacyRoutes, ...legacyEdgeRoutes },
  sealing: sealingRoutes,
};

const json = (schema: z.ZodType) => ({ 'application/json': { schema } });

const filesOf = (types: readonly string[]) =>
  Object.fromEntries(types.map((type) => [type, { schema: { type: 'string', format: 'binary' } as const }]));

const operationOf = (context: string, operationId: string, route: Route): ZodOpenApiOperationObject => {
  const { access, params, query, body, upload, success, summary } = route;
  const right =
    access === 'public'
      ? 'No session needed.'
      : access === 'device'
        ? 'Needs the bearer token of a gateway.'
        : [
            `Needs ${access.level} access to ${access.module}${access.rank ? ` and rank ${access.rank}` : ''}.`,
            ...(access.person ? ['For people only, not for API keys.'] : []),
            ...(access.stepUp ? ['Needs a step-up within the last five minutes.'] : []),
          ].join(' ');
  return {
    operationId,
    tags: [context],
    summary: summary.en,
    description: `${summary.zh}\n\n${right}`,
    ...(access === 'public' && { security: [] }),
    ...(access === 'device' && { security: [{ deviceToken: [] }] }),
    ...(typeof access === 'object' && access.person && { security: [{ session: [] }] }),
    requestParams: {
      ...(params instanceof z.ZodObject && { path: params }),
      ...(query instanceof z.ZodObject && { query }),
    },
    ...(body && { requestBody: { content: json(body) } }),
    ...(upload && { requestBody: { content: filesOf(upload) } }),
    responses: {
      [`${success.status}`]: {
        description: 'Done',
        ...(success.body && { content: json(success.body) }),
        ...(success.files && { content: filesOf(success.files) }),
      },
      default: { description: 'Refused; the code says why', content: json(apiError) },
    },
  };
};

/** The OpenAPI 3.1 document of the whole API, from the route tables that also make the routes. */
export const openApiDocument = () => {
  const paths: ZodOpenApiPathsObject = {};
  for (const [context, table] of Object.entries(routeTables))
    for (const [operationId, route] of Object.entries(table))
      paths[route.path] = {
        ...paths[route.path],
        [route.method.toLowerCase()]: operationOf(context, operationId, route),
      };
  return createDocument({
    openapi: '3.1.1',
    info: { title: 'HashInsight', version: '1', license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } },
    paths,
    security: [{ session: [] }, { apiKey: [] }],
    components: {
      securitySchemes: {
        session: { type: 'apiKey', in: 'cookie', name: 'session' },
        apiKey: { type: 'http', scheme: 'bearer', description: 'An API key, `hi_<id>_<secret>`' },
        deviceToken: {
          type: 'http',
          scheme: 'bearer',
          description: "A gateway's token, `hid.<site>.<gateway>.<secret>`",
        },
      },
    },
  });
};
