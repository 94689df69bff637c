import * as z from 'zod';
import { type Operation, ServiceError } from '../shared/json-service.ts';
import type { AccountStore } from './account-store.ts';

const named = z.object({ UserPoolId: z.string(), Username: z.string().min(1) });
const creation = z.strictObject({
  ...named.shape,
  DesiredDeliveryMediums: z.tuple([z.literal('EMAIL')]),
  UserAttributes: z.array(
    z.strictObject({ Name: z.enum(['email', 'email_verified', 'name']), Value: z.string() }),
  ),
  MessageAction: z.literal('RESEND').optional(),
});

/** The operations on accounts that the product uses. Names and error codes are Cognito's. */
export const adminOperations = (
  accounts: AccountStore,
  poolId: string,
  log: (line: string) => void,
): Record<string, Operation> => {
  const emailOf = ({ UserPoolId, Username }: z.infer<typeof named>) => {
    if (UserPoolId !== poolId)
      throw new ServiceError('ResourceNotFoundException', `User pool ${UserPoolId} does not exist.`);
    return Username.toLowerCase();
  };
  const existing = (input: unknown) => {
    const email = emailOf(named.parse(input));
    if (!accounts.find(email)) throw new ServiceError('UserNotFoundException', 'User does not exist.');
    return email;
  };
  return {
    AdminCreateUser: (input) => {
      const request = creation.parse(input);
      const email = emailOf(request);
      const name = request.UserAttributes.find((one) => one.Name === 'name')?.Value ?? email;
      if (request.MessageAction === 'RESEND') {
        existing(input);
        if (!accounts.mustChange(email))
          throw new ServiceError(
            'UnsupportedUserStateException',
            "Resend not possible. User's status is not FORCE_CHANGE_PASSWORD.",
          );
        log(`the invitation lies in ${accounts.resend(email)}`);
      } else {
        if (accounts.find(email))
          throw new ServiceError('UsernameExistsException', 'User account already exists');
        log(`an invitation lies in ${accounts.create(email, name)}`);
      }
      return {
        User: { Username: accounts.find(email)?.subject, Enabled: true, UserStatus: 'FORCE_CHANGE_PASSWORD' },
      };
    },
    AdminDisableUser: (input) => {
      accounts.disable(existing(input));
      return {};
    },
    AdminEnableUser: (input) => {
      accounts.enable(existing(input));
      return {};
    },
    AdminDeleteUser: (input) => {
      accounts.remove(existing(input));
      return {};
    },
  };
};
