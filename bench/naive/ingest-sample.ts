/** The naive design's function for each sample: an item for the sample, and the miner's live item. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb';
import { parseSample } from './sample.ts';

const db = DynamoDBDocumentClient.from(new DynamoDBClient({}));
const TableName = process.env.TABLE ?? '';
const daySeconds = 86_400;

export const handler = async (event: unknown) => {
  const { values, ...sample } = parseSample(event);
  const { miner_id: id, sampled_at_ms: atMs } = sample;
  const item = { ...sample, ...values };
  const ttl = Math.ceil(atMs / 1000) + daySeconds;
  await Promise.all([
    db.send(new PutCommand({ TableName, Item: { pk: `RAW#${id}`, sk: String(atMs), ...item, ttl } })),
    db.send(new PutCommand({ TableName, Item: { pk: `LIVE#${sample.site_id}`, sk: id, ...item } })),
  ]);
};
