import type * as z from 'zod';
import { apiError } from '../../contracts/api-error.ts';
import type { KeyRing } from '../state/key-ring.ts';

/** The cloud said no, for good: asking the same again will not help. */
export class RefusedByCloud extends Error {
  readonly status: number;
  readonly code: string;
  constructor(status: number, code: string, message: string) {
    super(message);
    this.name = 'RefusedByCloud';
    this.status = status;
    this.code = code;
  }
}

type Request = {
  readonly method: 'GET' | 'POST';
  /** After `/api/edge/v1/`. */
  readonly path: string;
  readonly json?: unknown;
  readonly bytes?: Uint8Array;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
};

const answerMs = 15_000;
const maxAnswerBytes = 4 * 1024 * 1024;

const bodyOf = async (response: Response): Promise<unknown> => {
  const length = Number(response.headers.get('content-length') ?? 0);
  if (length > maxAnswerBytes) throw new Error('the answer is too large');
  const text = await response.text();
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

const send = async (
  url: string,
  { method, path, json, bytes, timeoutMs = answerMs, signal }: Request,
  token?: string,
) => {
  const timeout = AbortSignal.timeout(timeoutMs);
  const body = bytes ?? (json === undefined ? undefined : JSON.stringify(json));
  const response = await fetch(new URL(`/api/edge/v1/${path}`, url), {
    method,
    redirect: 'error',
    signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    headers: {
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(body !== undefined && {
        'content-type': bytes ? 'application/vnd.hashinsight.telemetry' : 'application/json',
      }),
    },
    ...(body !== undefined && { body: typeof body === 'string' ? body : Buffer.from(body) }),
  });
  return { status: response.status, body: await bodyOf(response) };
};

const refusalOf = ({ status, body }: { readonly status: number; readonly body: unknown }) => {
  const said = apiError.safeParse(body);
  return new RefusedByCloud(status, said.data?.code ?? 'unknown', said.data?.error ?? `status ${status}`);
};
const isSettled = (status: number) => status >= 400 && status < 500 && status !== 408 && status !== 429;

/** Asks without a token: the registration. Throws RefusedByCloud, or another Error where the cloud cannot be asked. */
export const askOpenly = async <T>(url: string, request: Request, schema: z.ZodType<T>): Promise<T> => {
  const answer = await send(url, request);
  if (isSettled(answer.status)) throw refusalOf(answer);
  if (answer.status >= 300) throw new Error(`the cloud answered ${answer.status}`);
  return schema.parse(answer.body);
};

/**
 * The cloud's edge API with the gateway's bearer tokens: the newest first, an older one where that is refused. The first that
 * is taken is kept and the others are let go.
 */
export const edgeApi = (url: string, keys: KeyRing) => ({
  /** Throws RefusedByCloud where the answer is final, or another Error where the cloud cannot be asked just now. */
  ask: async <T>(request: Request, schema: z.ZodType<T>): Promise<T> => {
    for (const token of keys.held.tokens) {
      const answer = await send(url, request, token);
      if (answer.status === 401) continue;
      if (answer.status < 500) keys.tokenWorked(token);
      if (isSettled(answer.status)) throw refusalOf(answer);
      if (answer.status >= 300) throw new Error(`the cloud answered ${answer.status}`);
      return schema.parse(answer.body);
    }
    throw new RefusedByCloud(401, 'not_authenticated', 'the cloud takes none of the gateway’s tokens');
  },
});
export type EdgeApi = ReturnType<typeof edgeApi>;
