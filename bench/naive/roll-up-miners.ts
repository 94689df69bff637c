/** The naive design's roll-up: reads a miner's items of a span, and writes one with mean, minimum, maximum and count. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, PutCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { keptDays, parseRollUp } from './sample.ts';

const db = DynamoDBDocumentClient.from(new DynamoDBClient({}));
const TableName = process.env.TABLE ?? '';
const items = z.array(z.record(z.string(), z.unknown()));

const notFields = /^(pk|sk|ttl|site_id|sampled_at_ms)$|_(n|min|max|mean)$/;
const number = z.number().safeParse;

/** Of samples, their fields; of summaries, the summaries. */
const summary = (rows: z.infer<typeof items>) => {
  const fields: Record<string, { n: number; sum: number; min: number; max: number }> = {};
  const add = (name: string, n: number, mean: number, min: number, max: number) => {
    const known = fields[name] ?? { n: 0, sum: 0, min, max };
    fields[name] = {
      n: known.n + n,
      sum: known.sum + mean * n,
      min: Math.min(known.min, min),
      max: Math.max(known.max, max),
    };
  };
  for (const row of rows)
    for (const [name, value] of Object.entries(row)) {
      const given = number(value).data;
      if (given === undefined) continue;
      const field = /^(.*)_mean$/.exec(name)?.[1];
      if (field) {
        const part = (what: string) => number(row[`${field}_${what}`]).data ?? given;
        add(field, number(row[`${field}_n`]).data ?? 1, given, part('min'), part('max'));
      } else if (!notFields.test(name)) add(name, 1, given, given, given);
    }
  return Object.fromEntries(
    Object.entries(fields).flatMap(([name, { n, sum, min, max }]) => [
      [`${name}_n`, n],
      [`${name}_mean`, Math.round((sum / n) * 1_000) / 1_000],
      [`${name}_min`, min],
      [`${name}_max`, max],
    ]),
  );
};

export const handler = async (event: unknown) => {
  const { from, to, minerIds, fromMs, toMs } = parseRollUp(event);
  for (const id of minerIds) {
    const { Items } = await db.send(
      new QueryCommand({
        TableName,
        KeyConditionExpression: 'pk = :pk AND sk BETWEEN :from AND :to',
        ExpressionAttributeValues: {
          ':pk': `${from}#${id}`,
          ':from': String(fromMs),
          ':to': String(toMs - 1),
        },
      }),
    );
    const ttl = Math.ceil(toMs / 1000) + keptDays[to] * 86_400;
    const Item = { pk: `${to}#${id}`, sk: String(fromMs), ...summary(items.parse(Items)), ttl };
    await db.send(new PutCommand({ TableName, Item }));
  }
};
