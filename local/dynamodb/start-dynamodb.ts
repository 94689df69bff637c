import { randomUUID } from 'node:crypto';
import { createServer, type ServerResponse } from 'node:http';
import deleteItem from 'dynalite/actions/deleteItem.js';
import * as z from 'zod';
import { meteredOperations } from '../metering/meter-dynamodb.ts';
import type { LocalService, StreamSource, Surroundings } from '../ports.ts';
import { closeServer, listenOnLoopback, readBody } from '../shared/json-service.ts';
import { actsOf } from './acts.ts';
import { openCells } from './cells.ts';
import { DynamoError } from './dynamo-error.ts';
import { openExpiries } from './expiries.ts';
import { openItemStore } from './item-store.ts';
import { operations } from './operations.ts';
import { openStreamLog } from './stream-log.ts';
import { tableResource } from './table-resource.ts';
import { openTables } from './tables.ts';

const maxBodyBytes = 16 * 1024 * 1024;
const body = z.record(z.string(), z.unknown());

/**
 * DynamoDB on loopback: dynalite's rules for expressions and items over one SQLite file, with transactions, streams and
 * the time to live. What was answered survives the end of the process (not a power cut: commits are not flushed one by one).
 */
export const startDynamoDb = async (
  surroundings: Pick<Surroundings, 'region' | 'accountId' | 'stateDir' | 'log' | 'meter' | 'refusalOf'>,
): Promise<LocalService & { readonly endpoint: string; readonly streams: StreamSource }> => {
  const log = (line: string) => surroundings.log('dynamodb', line);
  const { region, accountId, refusalOf } = surroundings;
  const arnOf = (table: string) =>
    table.startsWith('arn:') ? table : `arn:aws:dynamodb:${region}:${accountId}:table/${table}`;
  const cells = openCells(surroundings.stateDir('dynamodb'));
  const streams = openStreamLog(cells, surroundings.region, log);
  const tables = openTables(cells, surroundings);
  for (const { description } of tables.all())
    if (description.LatestStreamArn) streams.announce(description.LatestStreamArn);
  const expiries = openExpiries(cells, (expired) => {
    items.commit(() =>
      items.asService(() => {
        for (const { table, key } of expired) {
          const found = tables.has(table) ? items.item(table, key) : undefined;
          expiries.forget(table, key);
          if (!found) continue;
          const names = tables.get(table).description.KeySchema.map((one) => one.AttributeName);
          items.write(deleteItem, {
            TableName: table,
            Key: Object.fromEntries(names.map((name) => [name, found[name]])),
          });
        }
      }),
    );
  });
  const items = openItemStore(cells, tables, streams, expiries);
  const { byName: plain, close: closeOperations } = operations({ cells, tables, streams, expiries, items });
  const { meter } = surroundings;
  const byName = meter ? meteredOperations(plain, { tables, items, meter }) : plain;

  const server = createServer(async (request, response) => {
    try {
      const name =
        String(request.headers['x-amz-target'] ?? '')
          .split('.')
          .at(-1) ?? '';
      const bytes = await readBody(request, maxBodyBytes);
      const run = Object.hasOwn(byName, name) ? byName[name] : undefined;
      if (!run) {
        log(`has no operation ${name || '(none named)'} locally`);
        throw new DynamoError(
          'UnknownOperationException',
          `The local DynamoDB does not know the operation ${name}`,
        );
      }
      const input = body.parse(JSON.parse(bytes.toString('utf8')));
      const refused = refusalOf?.(request.headers.authorization, () => actsOf(name, input, arnOf));
      if (refused) {
        const sentence = `${refused.roleArn} is not authorized to perform: ${refused.act.action} on resource: ${refused.act.resource}`;
        log(sentence);
        throw new DynamoError('AccessDeniedException', `User: ${sentence}`);
      }
      answer(response, 200, await run(input));
    } catch (error) {
      answerError(response, error, log);
    }
  });
  server.keepAliveTimeout = 60_000;
  const endpoint = await listenOnLoopback(server);
  expiries.start();
  const resource = tableResource({ cells, tables, streams, expiries, log });
  return {
    endpoint,
    streams: { subscribe: streams.subscribe },
    resources: { 'AWS::DynamoDB::GlobalTable': resource, 'AWS::DynamoDB::Table': resource },
    close: async () => {
      await closeServer(server);
      expiries.close();
      streams.close();
      closeOperations();
      cells.close();
    },
  };
};

const answer = (response: ServerResponse, status: number, content: unknown) => {
  response.writeHead(status, {
    'content-type': 'application/x-amz-json-1.0',
    'x-amzn-requestid': randomUUID(),
  });
  response.end(JSON.stringify(content));
};

const answerError = (response: ServerResponse, error: unknown, log: (line: string) => void) => {
  const send = (status: number, type: string, message: string, details = {}) =>
    answer(response, status, { __type: `com.amazonaws.dynamodb.v20120810#${type}`, message, ...details });
  if (error instanceof DynamoError) return send(400, error.type, error.message, error.details);
  if (error instanceof SyntaxError) return send(400, 'SerializationException', 'The body is not JSON');
  if (error instanceof z.ZodError) {
    const [issue] = error.issues;
    return send(400, 'ValidationException', `${issue?.path.join('.')}: ${issue?.message}`);
  }
  log(`failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  send(500, 'InternalServerError', 'The local DynamoDB failed');
};
