import { Stack, type StackProps } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { identityRoutes } from '../../lambdas/identity/api.ts';
import { usersRoutes } from '../../lambdas/identity/users-api.ts';
import type { PlatformStack } from '../platform/platform-stack.ts';
import { addRoutes } from '../shared/api-routes.ts';
import { AppFunction } from '../shared/app-function.ts';
import type { IdentityStack } from './identity-stack.ts';

export type PeopleStackProps = StackProps & {
  readonly platform: PlatformStack;
  readonly identity: IdentityStack;
  readonly audit: { readonly grantCommit: (fn: LambdaFunction) => void };
  readonly fleet: { readonly grantRead: (fn: LambdaFunction) => void };
};

/** Sign-in, and the users with their sessions, second factors and API keys. Apart from the authorizer, which the audit log needs. */
export class PeopleStack extends Stack {
  constructor(
    scope: Construct,
    id: string,
    { platform, identity, audit, fleet, ...props }: PeopleStackProps,
  ) {
    super(scope, id, props);
    const { apiAccess, table, users, client } = identity;
    const shared = { IDENTITY_TABLE: table.tableName };

    const signIn = new AppFunction(this, 'ApiFunction', {
      entry: 'lambdas/identity/handle-api.ts',
      description: 'Sign-in, sign-out and the session',
      environment: {
        ...shared,
        OIDC_ISSUER: users.userPoolProviderUrl,
        OIDC_CLIENT_ID: client.userPoolClientId,
      },
    });
    const manage = new AppFunction(this, 'UsersFunction', {
      entry: 'lambdas/identity/handle-users.ts',
      description: 'Users, sessions, second factors and API keys over HTTP',
      environment: { ...shared, USER_POOL_ID: users.userPoolId, DATA_KEY_ID: platform.dataKey.keyId },
    });
    for (const fn of [signIn, manage]) {
      table.grant(
        fn,
        'dynamodb:GetItem',
        'dynamodb:PutItem',
        'dynamodb:UpdateItem',
        'dynamodb:DeleteItem',
        'dynamodb:Query',
      );
      platform.dataKey.grantEncryptDecrypt(fn);
      audit.grantCommit(fn);
    }
    fleet.grantRead(manage);
    manage.addToRolePolicy(
      new PolicyStatement({
        actions: [
          'cognito-idp:AdminCreateUser',
          'cognito-idp:AdminDisableUser',
          'cognito-idp:AdminEnableUser',
          'cognito-idp:AdminDeleteUser',
        ],
        resources: [users.userPoolArn],
      }),
    );
    addRoutes(this, apiAccess, identityRoutes, signIn);
    addRoutes(new Construct(this, 'Users'), apiAccess, usersRoutes, manage);
  }
}
