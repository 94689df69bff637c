import { parseLooseJson } from '../../io/loose-json.ts';
import { MinerFault } from '../../io/miner-fault.ts';
import { LostAnswer } from '../../io/tcp-exchange.ts';
import type { MinerIo } from '../miner-io.ts';
import { type Fields, fieldsOf, textOf } from '../values.ts';

/** A list where the page answers with a bare one. */
export type RestAnswer = { readonly fields: Fields; readonly list: readonly unknown[] };

/**
 * Proto OS's REST API with its bearer token: a password gives one, and a 401 asks for a new one, after which the request, which
 * has had no effect, is sent once more. Requests that find no token at once wait for the same login, so that a rig is not
 * stormed. A 403 stands for a factory password that must be changed first.
 */
export const restSession = (io: MinerIo, password: string) => {
  let token: Promise<string> | undefined;

  /** Without a signal of its own: others may wait for the same login. */
  const logIn = async (): Promise<string> => {
    const answer = await io
      .web({ method: 'POST', path: '/api/v1/auth/login', body: JSON.stringify({ password }) })
      .catch((error: unknown) => {
        throw error instanceof LostAnswer ? new MinerFault(error.kind, error.message) : error;
      });
    const given =
      answer.status === 200 ? textOf(fieldsOf(parseLooseJson(answer.body)).access_token) : undefined;
    if (given === undefined || !/^[\x21-\x7e]{1,4096}$/.test(given))
      throw new MinerFault('denied', 'the miner refuses the configured password');
    return given;
  };
  const freshToken = () => {
    if (!token) {
      const own: Promise<string> = logIn().catch((error: unknown) => {
        if (token === own) token = undefined;
        throw error;
      });
      token = own;
    }
    return token;
  };

  /** Rejects with `denied` for any status but 2xx. */
  return async (
    method: 'GET' | 'POST' | 'PUT',
    path: string,
    body?: unknown,
    signal?: AbortSignal,
  ): Promise<RestAnswer> => {
    for (let attempt = 0; ; attempt++) {
      const asked = freshToken();
      const authorization = `Bearer ${await asked}`;
      const answer = await io.web(
        {
          method,
          path: `/api/v1/${path}`,
          headers: { authorization },
          body: body === undefined ? undefined : JSON.stringify(body),
        },
        signal,
      );
      if (answer.status === 401) {
        if (token === asked) token = undefined;
        if (attempt === 0) continue;
        throw new MinerFault('denied', 'the miner refuses the configured password');
      }
      if (answer.status === 403)
        throw new MinerFault('denied', 'the miner demands that its factory password be changed');
      if (answer.status < 200 || answer.status > 299)
        throw new MinerFault('denied', `the miner answers ${answer.status}`);
      const json = answer.body.trim() === '' ? {} : parseLooseJson(answer.body);
      return { fields: fieldsOf(json), list: Array.isArray(json) ? json : [] };
    }
  };
};
