import type { LoginWayOf } from '../../credentials/login-way.ts';
import { newPassword } from '../../credentials/new-password.ts';
import { byToken, jsonPost, tryLogin } from '../../credentials/try-login.ts';

/**
 * Braiins OS with a REST interface: `POST /api/v1/auth/login` gives a token (developer.braiins-os.com). Older versions have GraphQL alone, and say
 * nothing here.
 */
export const braiinsLogin: LoginWayOf = ({ ioOf }) => ({
  check: (login, signal) =>
    tryLogin(
      () => ioOf(login).web(jsonPost('/api/v1/auth/login', login), signal),
      byToken(({ token }) => token),
    ),
  newPassword: () => newPassword(16),
});
