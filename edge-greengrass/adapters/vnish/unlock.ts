import type { LoginWayOf } from '../../credentials/login-way.ts';
import { newPassword } from '../../credentials/new-password.ts';
import { byToken, jsonPost, tryLogin } from '../../credentials/try-login.ts';

/** VNish: `POST /api/v1/unlock` gives a token for the password alone (the maker's document, served by the firmware under `/docs`). */
export const vnishLogin: LoginWayOf = ({ ioOf }) => ({
  check: (login, signal) =>
    tryLogin(
      () => ioOf(login).web(jsonPost('/api/v1/unlock', { pw: login.password }), signal),
      byToken(({ token }) => token),
    ),
  newPassword: () => newPassword(16),
});
