import { randomUUID } from 'node:crypto';
import { createServer, type ServerResponse } from 'node:http';
import type { InvocationOutcome } from '../ports.ts';
import { closeServer, listenOnLoopback, readBody, ServiceError } from '../shared/json-service.ts';

const maxPayloadBytes = 6 * 1024 * 1024;
const invocationPath = /^\/2015-03-31\/functions\/([^/]+)\/invocations$/;

export type InvokeApiOptions = {
  readonly invoke: (
    functionNameOrArn: string,
    event: unknown,
    requestId: string,
  ) => Promise<InvocationOutcome>;
  readonly accept: (functionNameOrArn: string, event: unknown, requestId: string) => void;
  readonly exists: (functionNameOrArn: string) => boolean;
  readonly log: (line: string) => void;
};

/** Lambda's Invoke operation for SDK clients: RequestResponse, Event and DryRun. Everything else is refused by name. */
export const startInvokeApi = async ({ invoke, accept, exists, log }: InvokeApiOptions) => {
  const answer = (
    response: ServerResponse,
    status: number,
    body: unknown,
    headers: Record<string, string> = {},
  ) =>
    response
      .writeHead(status, { 'content-type': 'application/json', ...headers })
      .end(body === undefined ? '' : JSON.stringify(body));
  const server = createServer(async (request, response) => {
    const requestId = randomUUID();
    const headers = { 'x-amzn-requestid': requestId };
    try {
      const [, encoded] = invocationPath.exec(new URL(request.url ?? '/', 'http://local').pathname) ?? [];
      if (request.method !== 'POST' || encoded === undefined) {
        log(`Lambda has no operation ${request.method} ${request.url?.split('?')[0]} locally`);
        throw new ServiceError('UnknownOperationException', 'The local Lambda knows only Invoke', 404);
      }
      const name = decodeURIComponent(encoded);
      if (!exists(name))
        throw new ServiceError('ResourceNotFoundException', `Function not found: ${name}`, 404);
      const bytes = await readBody(request, maxPayloadBytes);
      const event = bytes.length === 0 ? {} : JSON.parse(bytes.toString('utf8'));
      const type = request.headers['x-amz-invocation-type'] ?? 'RequestResponse';
      if (type === 'DryRun') return answer(response, 204, undefined, headers);
      if (type === 'Event') {
        accept(name, event, requestId);
        return answer(response, 202, undefined, headers);
      }
      const outcome = await invoke(name, event, requestId);
      if (outcome.ok)
        return answer(response, 200, outcome.payload, { ...headers, 'x-amz-executed-version': '$LATEST' });
      const { errorType, errorMessage } = outcome;
      answer(
        response,
        200,
        { errorType, errorMessage },
        { ...headers, 'x-amz-function-error': 'Unhandled', 'x-amz-executed-version': '$LATEST' },
      );
    } catch (error) {
      const known = error instanceof ServiceError ? error : undefined;
      const code =
        known?.code ?? (error instanceof SyntaxError ? 'InvalidRequestContentException' : 'ServiceException');
      const status = known?.status ?? (error instanceof SyntaxError ? 400 : 500);
      answer(
        response,
        status,
        { Type: 'User', message: error instanceof Error ? error.message : '' },
        { ...headers, 'x-amzn-errortype': code },
      );
    }
  });
  server.keepAliveTimeout = 60_000;
  const endpoint = await listenOnLoopback(server);
  return { endpoint, close: () => closeServer(server) };
};
