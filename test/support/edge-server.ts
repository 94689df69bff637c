import { createServer, type IncomingMessage } from 'node:http';
import * as z from 'zod';
import { errorStatus } from '../../contracts/api-error.ts';
import type { Gateways } from '../../lambdas/gateway/test-gateways.ts';
import type { Result } from '../../lambdas/shared/result.ts';
import { fail, succeed } from '../../lambdas/shared/result.ts';

const readBody = async (request: IncomingMessage): Promise<unknown> => {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text === '' ? {} : JSON.parse(text);
};
const registerBody = z.object({ claim: z.string(), csr_pem: z.string() });
const rotateBody = z.object({ csr_pem: z.string().optional() });

/**
 * Registration and credentials of the edge API over real sockets, straight to their use cases: for tests that ask much of them. Every
 * `loseEvery`-th answer is lost after the work is done.
 */
export const startEdgeServer = async (cloud: Gateways, loseEvery = 0) => {
  let count = 0;
  const answer = async (request: IncomingMessage): Promise<Result<object>> => {
    const body = await readBody(request);
    if (request.url === '/api/edge/v1/register') return cloud.register(registerBody.parse(body));
    const who = await cloud.authenticate(request.headers.authorization);
    if (!who) return fail('not_authenticated', 'Authentication required');
    if (request.url !== '/api/edge/v1/credentials') return fail('not_found', 'Not found');
    if (request.method === 'POST') {
      const rotated = await cloud.rotate(who, rotateBody.parse(body).csr_pem);
      return rotated.ok ? succeed({ credentials: rotated.value }) : rotated;
    }
    const record = await cloud.readGateway(who.siteId, who.gatewayId);
    return succeed({
      generation: record?.generation ?? 0,
      token_expires_at_ms: record?.token_expires_at_ms ?? 0,
      rotate: record?.rotation_requested_ms !== undefined,
    });
  };
  const server = createServer(async (request, response) => {
    try {
      const result = await answer(request);
      if (loseEvery > 0 && ++count % loseEvery === 0) return response.destroy();
      const body = result.ok
        ? result.value
        : { error: result.failure.message, code: result.failure.code, request_id: 'r' };
      response.writeHead(result.ok ? 200 : errorStatus[result.failure.code], {
        'content-type': 'application/json',
      });
      response.end(JSON.stringify(body));
    } catch {
      response.writeHead(500).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};
