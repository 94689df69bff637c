import * as z from 'zod';
import { asJson, jsonReply, type WebReply, type WebRequest } from '../wire/web-server.ts';
import type { BraiinsDevice } from './device.ts';
import { type BraiinsTokens, tokenTimeoutS } from './login.ts';
import { pages } from './reports.ts';
import { writes } from './writes.ts';

const credentials = z.object({ username: z.string(), password: z.string() });
type Login = { readonly username: string; readonly password: string };

const problem = (status: number, message: string): WebReply => jsonReply({ message }, status);
const nothing: WebReply = { status: 204, body: '' };

/** The Public REST API of Braiins OS from 25.05 on (developer.braiins-os.com), under `/api/v1`. */
export const restAnswer = (
  device: BraiinsDevice,
  request: WebRequest,
  { tokens, login }: { readonly tokens: BraiinsTokens; readonly login: Login },
): WebReply => {
  const path = request.path.replace(/^\/api\/v1\//, '').replace(/\/$/, '');
  if (path === 'auth/login') return logIn(request, tokens, login);
  const page = Object.hasOwn(pages, path) ? pages[path] : undefined;
  const write = Object.hasOwn(writes, path) ? writes[path] : undefined;
  if (!page && !write) return problem(404, 'Not Found');
  if (path !== 'version' && !tokens.accepts(request.headers)) return problem(401, 'Unauthorized');
  if (request.method === 'GET' && page) return jsonReply(page(device));
  if (request.method !== 'PUT' || !write) return problem(405, 'Method Not Allowed');
  if (device.miner.has('refuses_writes')) return problem(500, 'Internal error');
  const outcome = write(device, asJson(request.body));
  if (!outcome) return problem(422, 'The body does not fit');
  return {
    ...(outcome.answer === undefined ? nothing : jsonReply(outcome.answer)),
    write: true,
    done: outcome.effect,
  };
};

const logIn = (request: WebRequest, tokens: BraiinsTokens, login: Login): WebReply => {
  if (request.method !== 'POST') return problem(405, 'Method Not Allowed');
  const given = credentials.safeParse(asJson(request.body));
  if (!given.success) return problem(422, 'The body does not fit');
  return given.data.username === login.username && given.data.password === login.password
    ? jsonReply({ timeout_s: tokenTimeoutS, token: tokens.issue() })
    : problem(401, 'Unauthorized');
};
