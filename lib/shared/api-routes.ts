import {
  type HttpApi,
  HttpAuthorizer,
  HttpMethod,
  HttpRoute,
  HttpRouteKey,
  type IHttpRouteAuthorizer,
} from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import type { RouteTable } from '../../contracts/route.ts';

/** What a context needs to put routes on the API: the API and the session authorizer's id. */
export type ApiAccess = { readonly api: HttpApi; readonly authorizerId: string };

/**
 * One API Gateway route per row of a context's table, all to the context's API function. Every route passes the
 * session authorizer, which only establishes who asks; the function refuses with the documented body.
 */
export const addRoutes = (
  scope: Construct,
  { api, authorizerId }: ApiAccess,
  table: RouteTable,
  fn: IFunction,
) => {
  const integration = new HttpLambdaIntegration('Integration', fn);
  const authorizer: IHttpRouteAuthorizer = HttpAuthorizer.fromHttpAuthorizerAttributes(scope, 'Authorizer', {
    authorizerId,
    authorizerType: 'CUSTOM',
  });
  for (const [operationId, { method, path }] of Object.entries(table)) {
    new HttpRoute(scope, `Route-${operationId}`, {
      httpApi: api,
      routeKey: HttpRouteKey.with(path, HttpMethod[method]),
      integration,
      authorizer,
    });
  }
};
