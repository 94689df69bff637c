import type { LocalService, ResolvedResource, Surroundings } from '../ports.ts';
import { startIdentityProvider } from './identity-provider.ts';

const clientId = 'hashinsight-console';

/**
 * Stands for Cognito: one user pool with one client, served by an OpenID Connect provider of the `oidc-provider` package.
 * The pool's ProviderURL is the provider's issuer, so that the relying party finds it as it finds Cognito.
 */
export const startCognito = async (surroundings: Surroundings, port: number): Promise<LocalService> => {
  const provider = await startIdentityProvider({
    stateDir: surroundings.stateDir('cognito'),
    port,
    clientId,
    redirectUris: [`${surroundings.publicUrl}/auth/callback`],
  });
  const { region } = surroundings;
  let pool: string | undefined;
  return {
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
    close: provider.close,
  };
};
