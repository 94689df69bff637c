import type { LocalService, ResolvedResource, Surroundings } from '../ports.ts';
import { startJsonService } from '../shared/json-service.ts';
import { openAccounts } from './account-store.ts';
import { adminOperations } from './admin-operations.ts';
import { startIdentityProvider } from './identity-provider.ts';

const clientId = 'hashinsight-console';

/**
 * Stands for Cognito: one user pool with one client, served by an OpenID Connect provider of the `oidc-provider` package.
 * The pool's ProviderURL is the provider's issuer, so that the relying party finds it as it finds Cognito;
 * accounts are made and disabled through Cognito's own operations.
 */
export const startCognito = async (
  surroundings: Surroundings,
  port: number,
): Promise<LocalService & { readonly endpoint: string }> => {
  const { region } = surroundings;
  const stateDir = surroundings.stateDir('cognito');
  const accounts = openAccounts(stateDir);
  const admin = await startJsonService({
    name: 'Cognito',
    contentType: 'application/x-amz-json-1.1',
    operations: adminOperations(accounts, `${region}_local`, (line) => surroundings.log('cognito', line)),
    log: (line) => surroundings.log('cognito', line),
  });
  const provider = await startIdentityProvider({
    stateDir,
    accounts,
    port,
    clientId,
    redirectUris: [`${surroundings.publicUrl}/auth/callback`],
  });
  let pool: string | undefined;
  return {
    endpoint: admin.endpoint,
    resources: {
      'AWS::Cognito::UserPool': ({ stack, logicalId }: ResolvedResource) => {
        if (pool && pool !== logicalId)
          throw new Error(`${stack}.${logicalId}: the local runtime serves one user pool, ${pool}`);
        pool = logicalId;
        return {
          ref: `${region}_local`,
          attributes: {
            Arn: `arn:aws:cognito-idp:${region}:${surroundings.accountId}:userpool/${region}_local`,
            ProviderName: `cognito-idp.${region}.amazonaws.com/${region}_local`,
            ProviderURL: provider.issuer,
            UserPoolId: `${region}_local`,
          },
        };
      },
      'AWS::Cognito::UserPoolClient': () => ({
        ref: clientId,
        attributes: { ClientId: clientId, Name: clientId },
      }),
      'AWS::Cognito::UserPoolDomain': ({ properties }) => ({ ref: String(properties.Domain) }),
    },
    close: async () => {
      await admin.close();
      await provider.close();
    },
  };
};
