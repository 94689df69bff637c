import { CfnParameter, Duration, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import { CfnAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2';
import {
  FeaturePlan,
  Mfa,
  OAuthScope,
  StringAttribute,
  UserPool,
  type UserPoolClient,
} from 'aws-cdk-lib/aws-cognito';
import { ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import type { PlatformStack } from '../platform/platform-stack.ts';
import type { ApiAccess } from '../shared/api-routes.ts';
import { AppFunction } from '../shared/app-function.ts';
import { AppTable } from '../shared/app-table.ts';

export type IdentityStackProps = StackProps & { readonly platform: PlatformStack };

/** Accounts in Cognito, users and sessions in DynamoDB, and the authorizer that tells every other context who asks. */
export class IdentityStack extends Stack {
  /** What other contexts need to put routes on the API. */
  readonly apiAccess: ApiAccess;
  readonly table: AppTable;
  readonly users: UserPool;
  readonly client: UserPoolClient;

  constructor(scope: Construct, id: string, { platform, ...props }: IdentityStackProps) {
    super(scope, id, props);
    const publicUrl = new CfnParameter(this, 'PublicUrl', {
      description: 'Where browsers reach the console, without a slash at the end',
      default: 'http://localhost:8700',
      allowedPattern: '^(https://[^/]+|http://localhost(:[0-9]+)?)$',
    });
    const table = new AppTable(this, 'Sessions', { key: platform.dataKey });
    const users = this.addUserPool();
    this.table = table;
    this.users = users;
    this.client = users.addClient('Console', {
      generateSecret: false,
      authFlows: {},
      oAuth: {
        flows: { authorizationCodeGrant: true },
        scopes: [OAuthScope.OPENID, OAuthScope.PROFILE, OAuthScope.EMAIL],
        callbackUrls: [`${publicUrl.valueAsString}/auth/callback`],
        logoutUrls: [publicUrl.valueAsString],
      },
      preventUserExistenceErrors: true,
      enableTokenRevocation: true,
    });
    users.addDomain('Domain', { cognitoDomain: { domainPrefix: `hashinsight-${this.account}` } });

    const authorize = new AppFunction(this, 'Authorize', {
      entry: 'lambdas/identity/on-authorize.ts',
      description: 'Says who asks, from the session cookie or the API key',
      environment: { IDENTITY_TABLE: table.tableName },
      timeout: Duration.seconds(5),
    });
    table.grant(authorize, 'dynamodb:GetItem', 'dynamodb:UpdateItem');
    platform.dataKey.grantEncryptDecrypt(authorize);
    authorize.addPermission('ApiMayAsk', {
      principal: new ServicePrincipal('apigateway.amazonaws.com'),
      sourceArn: this.apiArn(platform),
    });
    const authorizer = new CfnAuthorizer(this, 'SessionAuthorizer', {
      apiId: platform.api.apiId,
      name: 'session',
      authorizerType: 'REQUEST',
      authorizerPayloadFormatVersion: '2.0',
      enableSimpleResponses: true,
      authorizerResultTtlInSeconds: 0,
      authorizerUri: `arn:${this.partition}:apigateway:${this.region}:lambda:path/2015-03-31/functions/${authorize.functionArn}/invocations`,
    });
    this.apiAccess = { api: platform.api, authorizerId: authorizer.ref };
  }

  private addUserPool() {
    const attribute = () => new StringAttribute({ mutable: true, maxLen: 256 });
    return new UserPool(this, 'Users', {
      selfSignUpEnabled: false,
      signInAliases: { email: true },
      mfa: Mfa.OPTIONAL,
      mfaSecondFactor: { otp: true, sms: false },
      featurePlan: FeaturePlan.PLUS,
      passwordPolicy: {
        minLength: 12,
        requireDigits: true,
        requireLowercase: true,
        requireUppercase: true,
        requireSymbols: true,
      },
      standardAttributes: {
        email: { required: true, mutable: true },
        fullname: { required: true, mutable: true },
      },
      customAttributes: {
        user_id: attribute(),
        tenant_id: attribute(),
        role: attribute(),
        duty: attribute(),
        site_ids: attribute(),
        customer_ids: attribute(),
      },
      deletionProtection: true,
      removalPolicy: RemovalPolicy.RETAIN,
    });
  }

  private apiArn(platform: PlatformStack) {
    return `arn:${this.partition}:execute-api:${this.region}:${this.account}:${platform.api.apiId}/authorizers/*`;
  }
}
