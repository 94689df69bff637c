import { createServer } from 'node:http';
import { closeServer, listenOnLoopback } from './json-service.ts';

/**
 * Where SDK clients of every service that is not run locally end: refused with a sentence that names the service and
 * the operation, and logged, instead of a request that leaves the machine.
 */
export const startRefusingEndpoint = async (log: (line: string) => void) => {
  const server = createServer((request, response) => {
    request.resume();
    const service =
      /\/\d{8}\/[^/]+\/([^/]+)\/aws4_request/.exec(request.headers.authorization ?? '')?.[1] ??
      'an unknown service';
    const operation = String(
      request.headers['x-amz-target'] ?? `${request.method} ${request.url?.split('?')[0]}`,
    );
    const message = `The local runtime has no service ${service} (${operation})`;
    log(message);
    response
      .writeHead(400, { 'content-type': 'application/json', 'x-amzn-errortype': 'UnknownOperationException' })
      .end(JSON.stringify({ __type: 'UnknownOperationException', message }));
  });
  const endpoint = await listenOnLoopback(server);
  return { endpoint, close: () => closeServer(server) };
};
