import * as z from 'zod';
import { cfnBoolean, cfnNumber, noEffect } from '../cloudformation/properties.ts';

export const apiProperties = z.strictObject({
  Name: z.string(),
  ProtocolType: z.literal('HTTP'),
  CorsConfiguration: z
    .strictObject({
      AllowOrigins: z.array(z.string()).default([]),
      AllowMethods: z.array(z.string()).default([]),
      AllowHeaders: z.array(z.string()).default([]),
      ExposeHeaders: z.array(z.string()).default([]),
      AllowCredentials: cfnBoolean.default(false),
      MaxAge: cfnNumber.default(0),
    })
    .optional(),
  Description: noEffect,
  DisableExecuteApiEndpoint: noEffect,
  IpAddressType: noEffect,
  Tags: noEffect,
});
export const stageProperties = z.strictObject({
  ApiId: z.string(),
  StageName: z.literal('$default'),
  AutoDeploy: noEffect,
  // Throttling, metrics and access logs protect and watch a public endpoint.
  AccessLogSettings: noEffect,
  DefaultRouteSettings: noEffect,
  RouteSettings: noEffect,
  Description: noEffect,
  Tags: noEffect,
});
export const integrationProperties = z.strictObject({
  ApiId: z.string(),
  IntegrationType: z.literal('AWS_PROXY'),
  IntegrationUri: z.string(),
  PayloadFormatVersion: z.literal('2.0'),
  TimeoutInMillis: cfnNumber.default(30_000),
  Description: noEffect,
});
export const routeProperties = z.strictObject({
  ApiId: z.string(),
  RouteKey: z.string(),
  Target: z.string(),
  AuthorizationType: z.enum(['NONE', 'CUSTOM']).default('NONE'),
  AuthorizerId: z.string().optional(),
  OperationName: noEffect,
});
export const authorizerProperties = z.strictObject({
  ApiId: z.string(),
  Name: z.string(),
  AuthorizerType: z.literal('REQUEST'),
  AuthorizerUri: z.string(),
  AuthorizerPayloadFormatVersion: z.literal('2.0'),
  EnableSimpleResponses: cfnBoolean,
  AuthorizerResultTtlInSeconds: cfnNumber.default(0),
  IdentitySource: z.array(z.string()).default([]),
  AuthorizerCredentialsArn: noEffect,
});
