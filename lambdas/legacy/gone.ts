import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda';
import { legacyHeaders } from './legacy-headers.ts';

type LegacyEvent = Pick<APIGatewayProxyEventV2, 'routeKey' | 'pathParameters' | 'requestContext'>;
type Answer = APIGatewayProxyStructuredResultV2;

/**
 * Puts an old route's headers on every answer, and answers 410 by itself where the route does not work for whoever asks,
 * before anything of the request is looked at. Strangers pass on, and are told that they are strangers.
 */
export const withSunset =
  <E extends LegacyEvent>(
    isOn: (event: E) => Promise<boolean | 'stranger'>,
    handle: (event: E, context: Context) => Promise<Answer>,
  ) =>
  async (event: E, context: Context): Promise<Answer> => {
    const path = event.routeKey.replace(/^[A-Z]+ /, '');
    const works = await isOn(event);
    const answer =
      works === false ? gone(event.requestContext.requestId, path) : await handle(event, context);
    return { ...answer, headers: { ...answer.headers, ...legacyHeaders(path, event.pathParameters) } };
  };

const gone = (requestId: string, path: string): Answer => ({
  statusCode: 410,
  headers: { 'cache-control': 'no-store', 'content-type': 'application/json; charset=utf-8' },
  body: JSON.stringify({
    error: `${path} ended on 2026-06-01; its successor is in the Link header`,
    code: 'gone',
    request_id: requestId,
  }),
});
