import type * as z from 'zod';
import { apiError } from '../contracts/api-error.ts';
import { accountOf } from './cognito/accounts.ts';
import { signIn } from './sign-in.ts';

/** A refused call, with what the API said. */
export class ApiRefusal extends Error {
  readonly status: number;
  readonly code: string;
  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

export type ApiClient = {
  /** Calls the API as the signed-in person and parses the answer. Throws ApiRefusal with the documented error. */
  readonly call: <T>(
    method: 'GET' | 'POST' | 'PUT' | 'DELETE',
    path: string,
    schema: z.ZodType<T>,
    body?: unknown,
  ) => Promise<T>;
  readonly name: string;
};

/** The API as a demo account sees it, signed in over HTTP like a browser. */
export const apiClient = async (consoleUrl: string, email: string): Promise<ApiClient> => {
  const account = accountOf(email);
  if (!account) throw new Error(`There is no demo account ${email}`);
  const headers = await signIn(consoleUrl, email, account.password);
  return {
    name: account.name,
    call: async (method, path, schema, body) => {
      const response = await fetch(new URL(path, consoleUrl), {
        method,
        headers: { ...headers, ...(body !== undefined && { 'content-type': 'application/json' }) },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      const answer: unknown = await response.json();
      if (response.ok) return schema.parse(answer);
      const refusal = apiError.safeParse(answer);
      throw refusal.success
        ? new ApiRefusal(response.status, refusal.data.code, refusal.data.error)
        : new ApiRefusal(response.status, 'unknown', `${method} ${path} answered ${response.status}`);
    },
  };
};
