import type { HttpAnswer, HttpRequest } from '../io/http-exchange.ts';
import { MinerFault } from '../io/miner-fault.ts';
import type { MinerIo } from './miner-io.ts';
import { withoutEffect } from './write-outcome.ts';

/** The headers that show a login. */
export type Pass = Readonly<Record<string, string>>;

const isPrintable = (text: string) => /^[\x21-\x7e]{1,4096}$/.test(text);

/** What a login gave, as far as a header can carry it. Throws MinerFault `denied` where it gave nothing. */
export const given = (token: string | undefined): string => {
  if (token === undefined || !isPrintable(token))
    throw new MinerFault('denied', 'the miner refuses the configured login');
  return token;
};

type Options = {
  readonly isStranger?: (answer: HttpAnswer) => boolean;
  /** What to show before any login, where reading needs none. */
  readonly first?: Pass;
};
const isDenied = ({ status }: HttpAnswer) => status === 401 || status === 403;

/**
 * HTTP with a token that a login gives. An answer that says that the token is none (`isStranger`; 401 and 403 where nothing else is
 * said) asks for a new one, after which the request, which has had no effect, is sent once more. Requests that find no token at once
 * wait for the same login, so that a miner is not stormed.
 */
export const tokenSession = (
  io: MinerIo,
  logIn: () => Promise<Pass>,
  { isStranger = isDenied, first }: Options = {},
) => {
  let pass = first && Promise.resolve(first);
  const fresh = () => {
    if (!pass) {
      const own: Promise<Pass> = withoutEffect(logIn()).catch((error: unknown) => {
        if (pass === own) pass = undefined;
        throw error;
      });
      pass = own;
    }
    return pass;
  };
  return async (request: HttpRequest, signal?: AbortSignal): Promise<HttpAnswer> => {
    for (let attempt = 0; ; attempt++) {
      const asked = fresh();
      const answer = await io.web({ ...request, headers: { ...request.headers, ...(await asked) } }, signal);
      if (!isStranger(answer)) return answer;
      if (pass === asked) pass = undefined;
      if (attempt > 0) throw new MinerFault('denied', 'the miner refuses the configured login');
    }
  };
};
