import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An AWS error: its code becomes `__type`. The message reaches the caller. */
export class ServiceError extends Error {
  readonly code: string;
  readonly status: number;
  constructor(code: string, message: string, status = 400) {
    super(message);
    this.name = code;
    this.code = code;
    this.status = status;
  }
}

/** One operation: parsed JSON in, JSON out. It checks its own input. */
export type Operation = (input: unknown) => unknown;

/** Reads a whole body. Throws ServiceError when it is larger than `maxBytes`. */
export const readBody = async (request: IncomingMessage, maxBytes: number): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > maxBytes)
      throw new ServiceError(
        'RequestEntityTooLargeException',
        `The body is larger than ${maxBytes} bytes`,
        413,
      );
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
};

/** Listens on 127.0.0.1 only; port 0 takes a free one. Answers the base URL. */
export const listenOnLoopback = (server: Server, port = 0): Promise<string> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: '127.0.0.1', port }, () => {
      server.off('error', reject);
      const { port: taken } = server.address() as AddressInfo;
      resolve(`http://127.0.0.1:${taken}`);
    });
  });

export const closeServer = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });

/**
 * An AWS JSON 1.0/1.1 endpoint on loopback: `X-Amz-Target: <prefix>.<Operation>`. An operation that is not in the table
 * is answered with UnknownOperationException, and logged, never silently accepted.
 */
export const startJsonService = async (options: {
  readonly name: string;
  readonly contentType: 'application/x-amz-json-1.0' | 'application/x-amz-json-1.1';
  readonly operations: Readonly<Record<string, Operation>>;
  readonly log: (line: string) => void;
  /** Called for each request with the name of its operation. */
  readonly onRequest?: (operation: string) => void;
}): Promise<{ readonly endpoint: string; readonly close: () => Promise<void> }> => {
  const { name, contentType, operations, log, onRequest } = options;
  const answer = (response: ServerResponse, status: number, body: unknown) => {
    const text = JSON.stringify(body ?? {});
    response.writeHead(status, { 'content-type': contentType, 'x-amzn-requestid': randomUUID() }).end(text);
  };
  const server = createServer(async (request, response) => {
    try {
      const operation =
        String(request.headers['x-amz-target'] ?? '')
          .split('.')
          .at(-1) ?? '';
      const bytes = await readBody(request, 8 * 1024 * 1024);
      const run = Object.hasOwn(operations, operation) ? operations[operation] : undefined;
      if (!run) {
        log(`${name} has no operation ${operation || '(none named)'} locally`);
        throw new ServiceError(
          'UnknownOperationException',
          `The local ${name} does not know the operation ${operation}`,
        );
      }
      onRequest?.(operation);
      answer(response, 200, await run(bytes.length === 0 ? {} : JSON.parse(bytes.toString('utf8'))));
    } catch (error) {
      if (error instanceof ServiceError)
        return answer(response, error.status, { __type: error.code, message: error.message });
      if (error instanceof SyntaxError)
        return answer(response, 400, { __type: 'SerializationException', message: 'The body is not JSON' });
      if (error instanceof Error && error.name === 'ZodError')
        return answer(response, 400, { __type: 'ValidationException', message: error.message.slice(0, 500) });
      log(`${name} failed: ${error instanceof Error ? error.message : String(error)}`);
      answer(response, 500, { __type: 'InternalFailure', message: 'The local service failed' });
    }
  });
  server.keepAliveTimeout = 60_000;
  const endpoint = await listenOnLoopback(server);
  return { endpoint, close: () => closeServer(server) };
};
