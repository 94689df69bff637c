import * as z from 'zod';
import { asJson, jsonReply, type WebReply, type WebRequest } from '../../wire/web-server.ts';
import type { BraiinsDevice } from '../device.ts';
import { type BraiinsTokens, tokenTimeoutS } from '../login.ts';
import { GraphqlError, parseQuery } from './parse-query.ts';
import { queryRoot } from './reads.ts';
import { runQuery } from './run-query.ts';
import { mutationRoot } from './writes.ts';

type Access = {
  readonly tokens: BraiinsTokens;
  readonly login: { readonly username: string; readonly password: string };
};
const asked = z.object({ query: z.string(), variables: z.record(z.string(), z.unknown()).nullish() });

const sessionOf = ({ headers }: WebRequest) =>
  /(?:^|;\s*)session_id=([^;\s]+)/.exec(headers.cookie ?? '')?.[1];
const cookie = (session: string) => ({
  'set-cookie': `session_id=${session}; HttpOnly; Path=/; Max-Age=${tokenTimeoutS}`,
});
const unauthorized: WebReply = { status: 401, body: 'Unauthorized' };

/**
 * The web interface of Braiins OS+ before the REST API (21.09 to 25.03), as its clients know it: GraphQL, which anybody may read and whose
 * mutations want a session (asic-rs `v21_09`, scripts of operators), and LuCI's pages of the build and the network (pyasic).
 */
export const graphqlPages = (device: BraiinsDevice, request: WebRequest, access: Access): WebReply => {
  const path = request.path.replace(/\/$/, '');
  if (path === '/graphql')
    return request.method === 'POST' ? graphql(device, request, access) : { status: 405, body: '' };
  if (path === '/cgi-bin/luci' && request.method === 'POST') {
    const form = new URLSearchParams(request.body);
    const isRight =
      form.get('luci_username') === access.login.username &&
      form.get('luci_password') === access.login.password;
    return isRight
      ? { status: 302, body: '', headers: cookie(access.tokens.issue()) }
      : { status: 403, body: 'Invalid username and/or password given.' };
  }
  if (path === '/cgi-bin/luci/bos/info') return jsonReply({ version: device.version });
  if (path === '/cgi-bin/luci/admin/network/iface_status/lan')
    return access.tokens.knows(sessionOf(request))
      ? jsonReply([{ macaddr: device.miner.identity.macAddress }])
      : { status: 403, body: 'Forbidden' };
  return { status: 404, body: 'Not Found' };
};

const graphql = (device: BraiinsDevice, request: WebRequest, { tokens, login }: Access): WebReply => {
  const body = asked.safeParse(asJson(request.body));
  if (!body.success) return { status: 400, body: 'Bad Request' };
  const effects: (() => void)[] = [];
  let session: string | undefined;
  const auth = {
    __typename: 'AuthMutation',
    login: (args: unknown) => {
      const given = z.object({ username: z.string(), password: z.string() }).safeParse(args).data;
      if (given?.username !== login.username || given.password !== login.password)
        return { __typename: 'AuthError', message: 'Invalid username or password' };
      session = tokens.issue();
      return { __typename: 'VoidResult', void: null };
    },
  };
  try {
    const operation = parseQuery(body.data.query);
    const given = body.data.variables ?? {};
    const [first] = operation.selections;
    const isLogin = first?.kind === 'field' && first.name === 'auth';
    if (operation.type === 'mutation' && !isLogin && !tokens.knows(sessionOf(request))) return unauthorized;
    const root =
      operation.type === 'query'
        ? queryRoot(device)
        : isLogin
          ? { __typename: 'Mutation', auth }
          : mutationRoot(device, effects);
    const reply = jsonReply({ data: runQuery(operation, given, root) });
    return {
      ...reply,
      ...(session !== undefined && { headers: cookie(session) }),
      ...(effects.length > 0 && {
        write: true,
        done: () => {
          for (const effect of effects) effect();
        },
      }),
    };
  } catch (error) {
    if (!(error instanceof GraphqlError)) throw error;
    return jsonReply({ data: null, errors: [{ message: error.message }] });
  }
};
