import type * as z from 'zod';
import { apiError } from '../../../contracts/api-error.ts';
import { currentLanguage } from '../i18n/language.ts';

/** A call that the API refused, with its own sentence. */
export class ApiRefusal extends Error {
  readonly status: number;
  readonly code: string;
  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** Sends the browser to sign in and back to where it is. */
export const goToSignIn = () => {
  const here = window.location.pathname + window.location.search;
  window.location.assign(`/auth/login?return_to=${encodeURIComponent(here)}`);
};

/** Calls the API with the session cookie and parses the answer by its contract. Throws ApiRefusal. */
export const call = async <T>(
  method: 'GET' | 'POST' | 'PUT' | 'DELETE',
  path: string,
  schema: z.ZodType<T>,
  body?: unknown,
): Promise<T> => {
  const response = await fetch(path, {
    method,
    credentials: 'same-origin',
    headers: {
      'accept-language': currentLanguage(),
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const answer: unknown = await response.json().catch(() => undefined);
  if (response.ok) return schema.parse(answer);
  const refusal = apiError.safeParse(answer);
  throw refusal.success
    ? new ApiRefusal(response.status, refusal.data.code, refusal.data.error)
    : new ApiRefusal(response.status, 'unknown', `${response.status} ${response.statusText}`);
};
