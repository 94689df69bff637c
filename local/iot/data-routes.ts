import { ServiceError } from '../shared/json-service.ts';
import type { Route } from './rest-service.ts';
import { topicFault } from './topic-filter.ts';

/** The data plane: `POST /topics/{topic}?qos=&retain=` publishes the body as it is; `DELETE /connections/{clientId}` disconnects. */
export const dataRoutes = (
  publish: (topic: string, payload: Buffer, qos: 0 | 1, retain: boolean) => Promise<void>,
  /** Closes a client's connection, and ends its session where asked to. False where it has none. */
  disconnect: (clientId: string, cleanSession: boolean) => boolean,
): readonly Route[] => [
  [
    'POST',
    /^\/topics\/(.+)$/,
    async ({ path: [topic = ''], query, body }) => {
      const fault = /[+#]/.test(topic) ? 'the topic holds a wildcard' : topicFault(topic);
      if (fault !== undefined) throw new ServiceError('InvalidRequestException', fault);
      if (body.length > 128 * 1024)
        throw new ServiceError('RequestEntityTooLargeException', 'The payload is larger than 128 KB', 413);
      await publish(topic, body, query.get('qos') === '1' ? 1 : 0, query.get('retain') === 'true');
      return { message: 'OK', traceId: '' };
    },
  ],
  [
    'DELETE',
    /^\/connections\/([^/]+)$/,
    ({ path: [clientId = ''], query }) => {
      if (!disconnect(clientId, query.get('cleanSession') === 'true'))
        throw new ServiceError('ResourceNotFoundException', `${clientId} is not connected`, 404);
    },
  ],
];
