import { Agent, request } from 'node:http';

export type Sent = {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
};
export type Received = { readonly status: number; readonly headers: string; readonly text: string };

const mostAttempts = 6;
const isOfApi = ({ status, text }: Received) => status >= 500 && text.startsWith('{"message":');

/** Requests to the local cloud over connections that stay open. */
export const httpClient = (origin: string, connections: number) => {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const { hostname, port } = new URL(origin);
  const sendOnce = ({ method, path, headers, body }: Sent): Promise<Received> =>
    new Promise((resolve, reject) => {
      const sent = request({ agent, hostname, port, method, path, headers }, (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.once('error', reject);
        answer.once('end', () =>
          resolve({
            status: answer.statusCode ?? 0,
            headers: answer.rawHeaders.join('\n'),
            text: Buffer.concat(chunks).toString('utf8'),
          }),
        );
      });
      sent.once('error', reject);
      sent.end(body);
    });
  return {
    /** Where a function starts too slowly on a busy machine, the API answers in its place: it is asked again. */
    send: async (sent: Sent): Promise<Received> => {
      for (let attempt = 1; ; attempt++) {
        const received = await sendOnce(sent);
        if (!isOfApi(received) || attempt === mostAttempts) return received;
      }
    },
    close: () => agent.destroy(),
  };
};
export type HttpClient = ReturnType<typeof httpClient>;
