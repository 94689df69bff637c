import type { LoginWayOf } from '../../credentials/login-way.ts';
import { newPassword } from '../../credentials/new-password.ts';
import { byToken, jsonPost, tryLogin } from '../../credentials/try-login.ts';

/** Proto OS: `POST /api/v1/auth/login` gives a token for the password (MDK-API in block/proto-fleet). */
export const protoLogin: LoginWayOf = ({ ioOf }) => ({
  check: ({ password, ...login }, signal) =>
    tryLogin(
      () => ioOf({ ...login, password }).web(jsonPost('/api/v1/auth/login', { password }), signal),
      byToken(({ access_token: token }) => token),
    ),
  newPassword: () => newPassword(16),
});
