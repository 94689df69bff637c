import {
  AdminCreateUserCommand,
  type AdminCreateUserCommandInput,
  AdminDeleteUserCommand,
  AdminDisableUserCommand,
  AdminEnableUserCommand,
  type CognitoIdentityProviderClient,
  UnsupportedUserStateException,
  UserNotFoundException,
  UsernameExistsException,
} from '@aws-sdk/client-cognito-identity-provider';

/**
 * Accounts at the identity provider, by address. The directory decides who may do what; these follow it, so that who may not
 * sign in is refused there already. Each may be repeated.
 */
export type Accounts = {
  /** Makes the account and sends its person an invitation; sends it again where there is one that was never used. */
  readonly invite: (email: string, name: string) => Promise<void>;
  readonly disable: (email: string) => Promise<void>;
  readonly enable: (email: string) => Promise<void>;
  readonly remove: (email: string) => Promise<void>;
};

export const cognitoAccounts = (cognito: CognitoIdentityProviderClient, userPoolId: string): Accounts => {
  const account = (email: string) => ({ UserPoolId: userPoolId, Username: email });
  const unlessAbsent = async (work: Promise<unknown>) => {
    try {
      await work;
    } catch (error) {
      if (!(error instanceof UserNotFoundException)) throw error;
    }
  };
  const create = (email: string, name: string, more: Partial<AdminCreateUserCommandInput> = {}) =>
    cognito.send(
      new AdminCreateUserCommand({
        ...account(email),
        DesiredDeliveryMediums: ['EMAIL'],
        UserAttributes: [
          { Name: 'email', Value: email },
          { Name: 'email_verified', Value: 'true' },
          { Name: 'name', Value: name },
        ],
        ...more,
      }),
    );
  return {
    invite: async (email, name) => {
      try {
        await create(email, name);
      } catch (error) {
        if (!(error instanceof UsernameExistsException)) throw error;
        await create(email, name, { MessageAction: 'RESEND' }).catch((again: unknown) => {
          // It has a password already: there is nothing to invite it to.
          if (!(again instanceof UnsupportedUserStateException)) throw again;
        });
      }
    },
    disable: (email) => unlessAbsent(cognito.send(new AdminDisableUserCommand(account(email)))),
    enable: (email) => unlessAbsent(cognito.send(new AdminEnableUserCommand(account(email)))),
    remove: (email) => unlessAbsent(cognito.send(new AdminDeleteUserCommand(account(email)))),
  };
};
