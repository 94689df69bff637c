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

/** Asks the person to prove that they are there; true once they have. */
type Prove = () => Promise<boolean>;
let prove: Prove | undefined;
/** Says who asks the person where the API wants a fresh proof. */
export const onProofNeeded = (ask: Prove | undefined) => {
  prove = ask;
};

/**
 * Calls the API with the session cookie and parses the answer by its contract. Where it wants a fresh proof that the person is
 * there, asks for it and calls again. Throws ApiRefusal.
 */
export const call = async <T>(...request: Parameters<typeof callOnce<T>>): Promise<T> => {
  try {
    return await callOnce(...request);
  } catch (error) {
    const isProofNeeded = error instanceof ApiRefusal && error.code === 'step_up_required';
    if (!isProofNeeded || !prove || !(await prove())) throw error;
    return callOnce(...request);
  }
};

/** One call, without asking for a proof. */
export const callOnce = async <T>(
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
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
