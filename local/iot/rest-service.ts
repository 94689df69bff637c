import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { closeServer, listenOnLoopback, readBody, ServiceError } from '../shared/json-service.ts';

export type RestRequest = {
  /** What the route's groups matched, decoded. */
  readonly path: readonly string[];
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
};
export type Route = readonly [method: string, path: RegExp, handle: (request: RestRequest) => unknown];

/** An AWS REST-JSON endpoint on loopback. What no route takes is refused and logged, never silently accepted. */
export const startRestService = async (
  name: string,
  routes: readonly Route[],
  log: (line: string) => void,
) => {
  const handle = async (method: string, url: URL, headers: RestRequest['headers'], body: Buffer) => {
    for (const [wanted, pattern, run] of routes) {
      const found = wanted === method ? pattern.exec(url.pathname) : null;
      if (found)
        return run({ path: found.slice(1).map(decodeURIComponent), query: url.searchParams, headers, body });
    }
    log(`${name} has no operation ${method} ${url.pathname} locally`);
    throw new ServiceError(
      'UnknownOperationException',
      `The local ${name} does not know ${method} ${url.pathname}`,
      404,
    );
  };
  const server = createServer(async (request, response) => {
    const answer = (status: number, body: unknown, errorType?: string) =>
      response
        .writeHead(status, {
          'content-type': 'application/json',
          'x-amzn-requestid': randomUUID(),
          ...(errorType !== undefined && { 'x-amzn-errortype': errorType }),
        })
        .end(JSON.stringify(body ?? {}));
    try {
      const body = await readBody(request, 256 * 1024);
      const url = new URL(request.url ?? '/', 'http://local');
      answer(200, await handle(request.method ?? 'GET', url, request.headers, body));
    } catch (error) {
      if (error instanceof ServiceError) return answer(error.status, { message: error.message }, error.code);
      if (error instanceof SyntaxError || (error instanceof Error && error.name === 'ZodError'))
        return answer(400, { message: error.message.slice(0, 500) }, 'InvalidRequestException');
      log(`${name} failed: ${error instanceof Error ? error.message : 'unknown'}`);
      answer(500, { message: 'The local service failed' }, 'InternalFailureException');
    }
  });
  const endpoint = await listenOnLoopback(server);
  return { endpoint, close: () => closeServer(server) };
};
