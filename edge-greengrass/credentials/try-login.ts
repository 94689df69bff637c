import type { WriteOutcome } from '../adapters/miner-adapter.ts';
import { type Fields, fieldsOf } from '../adapters/values.ts';
import type { HttpAnswer, HttpRequest } from '../io/http-exchange.ts';
import { parseLooseJson } from '../io/loose-json.ts';
import { asMinerFault } from '../io/miner-fault.ts';
import { LostAnswer } from '../io/tcp-exchange.ts';
import type { LoginVerdict } from './login-way.ts';

/** The answer's JSON, or nothing where it is none. */
export const fieldsIn = ({ body }: HttpAnswer): Fields => {
  try {
    return fieldsOf(parseLooseJson(body));
  } catch {
    return {};
  }
};

/** A POST whose body is JSON. */
export const jsonPost = (
  path: string,
  value: unknown,
  headers: Readonly<Record<string, string>> = {},
): HttpRequest => ({ method: 'POST', path, headers, body: JSON.stringify(value) });

/** One try over HTTP: whatever goes wrong on the way says nothing about the login. */
export const tryLogin = async (
  ask: () => Promise<HttpAnswer>,
  judge: (answer: HttpAnswer) => LoginVerdict,
): Promise<LoginVerdict> => {
  try {
    return judge(await ask());
  } catch (error) {
    return asMinerFault(error).kind === 'denied' ? 'refused' : 'unknown';
  }
};

/** A login that answers with a token where it lets in, and with 401 or 403 where it does not. */
export const byToken =
  (tokenOf: (fields: Fields) => unknown) =>
  (answer: HttpAnswer): LoginVerdict => {
    const token = answer.status === 200 ? tokenOf(fieldsIn(answer)) : undefined;
    if (typeof token === 'string' && token !== '') return 'accepted';
    return answer.status === 401 || answer.status === 403 ? 'refused' : 'unknown';
  };

/** A write over HTTP, with a lost answer told from one that never left. */
export const tryWrite = async (
  ask: () => Promise<HttpAnswer>,
  refusal: (answer: HttpAnswer) => string | undefined,
): Promise<WriteOutcome> => {
  try {
    const detail = refusal(await ask());
    return detail === undefined ? { kind: 'done' } : { kind: 'refused', detail };
  } catch (error) {
    const fault = asMinerFault(error);
    return { kind: fault instanceof LostAnswer ? 'lost' : 'refused', detail: fault.message };
  }
};
