import { randomUUID } from 'node:crypto';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import * as z from 'zod';
import { cfnBoolean, cfnNumber, nameOf, noEffect, readProperties } from '../cloudformation/properties.ts';
import type { IotMeter } from '../metering/meter-iot.ts';
import type { ResolvedResource, Surroundings } from '../ports.ts';
import { evaluateExpression, type Message, runQuery } from './sql-evaluate.ts';
import { type Expression, parseExpression, parseQuery, type Query } from './sql-syntax.ts';
import { destinationOf, matchesFilter } from './topic-filter.ts';

const action = z.strictObject({
  Sqs: z
    .strictObject({ QueueUrl: z.string(), RoleArn: noEffect, UseBase64: cfnBoolean.default(false) })
    .optional(),
  Lambda: z.strictObject({ FunctionArn: z.string() }).optional(),
  Republish: z
    .strictObject({
      Topic: z.string(),
      RoleArn: noEffect,
      Qos: cfnNumber.pipe(z.union([z.literal(0), z.literal(1)])).default(0),
    })
    .optional(),
  S3: z
    .strictObject({ BucketName: z.string(), Key: z.string(), RoleArn: noEffect, CannedAcl: noEffect })
    .optional(),
});
type RuleAction = z.output<typeof action>;
const ruleProperties = z.strictObject({
  RuleName: z.string().optional(),
  TopicRulePayload: z.strictObject({
    Sql: z.string(),
    AwsIotSqlVersion: z.enum(['2015-10-08', '2016-03-23', 'beta']).optional(),
    Actions: z.array(action),
    ErrorAction: action.optional(),
    RuleDisabled: cfnBoolean.default(false),
    Description: noEffect,
  }),
  Tags: noEffect,
});

export type Rule = {
  readonly name: string;
  readonly arn: string;
  readonly query: Query;
  readonly actions: readonly RuleAction[];
  readonly errorAction?: RuleAction;
  readonly disabled: boolean;
};

export type RuleServices = Pick<Surroundings, 'region' | 'invokeAsync' | 'sendToQueue' | 'log'> & {
  readonly endpoints: () => Readonly<Record<string, string>>;
  readonly meter?: IotMeter | undefined;
  /** `republished`: how many rules the message has come through. */
  readonly publish: (topic: string, payload: Buffer, qos: 0 | 1, republished: number) => Promise<void>;
};

type Template = readonly (string | Expression)[];
/** `logs/${topic(3)}/x`. Throws Error on an expression that is not supported. */
const parseTemplate = (text: string): Template =>
  text
    .split(/(\$\{[^}]*\})/)
    .map((part) => (part.startsWith('${') ? parseExpression(part.slice(2, -1)) : part));
const fill = (text: string, message: Message) =>
  parseTemplate(text)
    .map((part) => (typeof part === 'string' ? part : String(evaluateExpression(part, message))))
    .join('');

/** Reads AWS::IoT::TopicRule. Throws Error naming the logical id on whatever the local rules engine does not support. */
export const readRule = (resource: ResolvedResource, region: string, accountId: string): Rule => {
  const { RuleName, TopicRulePayload: payload } = readProperties(resource, ruleProperties);
  const name = RuleName ?? `${resource.stack}_${resource.logicalId}`.replaceAll(/\W/g, '_');
  try {
    for (const one of [...payload.Actions, ...(payload.ErrorAction ? [payload.ErrorAction] : [])]) {
      if (Object.keys(one).length !== 1) throw new Error('each action has exactly one kind');
      for (const text of [one.Republish?.Topic, one.S3?.Key]) if (text !== undefined) parseTemplate(text);
    }
    return {
      name,
      arn: `arn:aws:iot:${region}:${accountId}:rule/${name}`,
      query: parseQuery(payload.Sql),
      actions: payload.Actions,
      ...(payload.ErrorAction && { errorAction: payload.ErrorAction }),
      disabled: payload.RuleDisabled,
    };
  } catch (error) {
    throw new Error(`${nameOf(resource)}: rule ${name}: ${error instanceof Error ? error.message : error}`);
  }
};

/** AWS would go on, and bill it. */
const maxRepublished = 8;

const lambdaEvent = (output: Buffer): unknown => {
  try {
    return JSON.parse(output.toString('utf8'));
  } catch {
    return output.toString('base64');
  }
};
const describe = (one: RuleAction): readonly [string, string] => {
  if (one.Sqs) return ['SqsAction', one.Sqs.QueueUrl.split('/').at(-1) ?? ''];
  if (one.Lambda) return ['LambdaAction', one.Lambda.FunctionArn];
  if (one.Republish) return ['RepublishAction', one.Republish.Topic];
  return ['S3Action', one.S3?.BucketName ?? ''];
};

/** The rules engine: what a published message sets off. */
export const createRules = (services: RuleServices) => {
  const rules = new Map<string, Rule>();

  const perform = async (one: RuleAction, output: Buffer, message: Message) => {
    if (one.Sqs)
      await services.sendToQueue(one.Sqs.QueueUrl, output.toString(one.Sqs.UseBase64 ? 'base64' : 'utf8'));
    if (one.Lambda) await services.invokeAsync(one.Lambda.FunctionArn, lambdaEvent(output));
    if (one.Republish) {
      const { republished = 0 } = message;
      if (republished >= maxRepublished) throw new Error('Rules republish in a circle');
      await services.publish(fill(one.Republish.Topic, message), output, one.Republish.Qos, republished + 1);
    }
    if (one.S3) {
      const endpoint = services.endpoints()['AWS_ENDPOINT_URL_S3'];
      if (endpoint === undefined) throw new Error('The local runtime has no service S3');
      const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
      const s3 = new S3Client({ region: services.region, endpoint, forcePathStyle: true, credentials });
      try {
        await s3.send(
          new PutObjectCommand({ Bucket: one.S3.BucketName, Key: fill(one.S3.Key, message), Body: output }),
        );
      } finally {
        s3.destroy();
      }
    }
  };

  const run = async (rule: Rule, message: Message): Promise<void> => {
    const failures: { failedAction: string; failedResource: string; errorMessage: string }[] = [];
    const failed = (failedAction: string, failedResource: string) => (error: unknown) => {
      const errorMessage = error instanceof Error ? error.message : 'unknown';
      services.log('iot', `rule ${rule.name}: ${failedAction} ${failedResource} failed: ${errorMessage}`);
      failures.push({ failedAction, failedResource, errorMessage });
    };
    try {
      services.meter?.triggered(rule.name, message.topic, message.payload);
      const output = runQuery(rule.query, message);
      if (output === undefined) return;
      await Promise.all(
        rule.actions.map((one) => {
          services.meter?.performed(rule.name, output);
          return perform(one, output, message).catch(failed(...describe(one)));
        }),
      );
    } catch (error) {
      failed('SqlEvaluation', rule.name)(error);
    }
    if (failures.length === 0) return;
    if (!rule.errorAction) throw new Error(`rule ${rule.name}: ${failures[0]?.errorMessage}`);
    const report = {
      ruleName: rule.name,
      topic: message.topic,
      cloudwatchTraceId: randomUUID(),
      clientId: message.clientId ?? 'N/A',
      base64OriginalPayload: message.payload.toString('base64'),
      failures,
    };
    await perform(rule.errorAction, Buffer.from(JSON.stringify(report)), message);
  };

  return {
    rules,
    /**
     * Runs every rule that a message on this topic sets off (by Basic Ingest: the named one alone). Resolves when all
     * actions were accepted, or failed ones by the error action; rejects when neither.
     */
    process: async (topic: string, from: Omit<Message, 'topic'>): Promise<void> => {
      const { topic: seen, basicIngestRule } = destinationOf(topic);
      const concerned = [...rules.values()].filter(
        ({ name, disabled, query }) =>
          !disabled &&
          (basicIngestRule === undefined
            ? query.from !== undefined && matchesFilter(query.from, seen)
            : name === basicIngestRule),
      );
      if (basicIngestRule !== undefined && concerned.length === 0)
        services.log('iot', `a message for the rule ${basicIngestRule}, which does not exist, was dropped`);
      if (concerned.length === 0) return;
      const message: Message = { ...from, topic: seen };
      await Promise.all(concerned.map((rule) => run(rule, message)));
    },
  };
};
