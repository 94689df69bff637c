import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { root } from '../local/build.ts';
import { legacyOperations, operations } from './support/api-samples.ts';
import {
  at,
  type Json,
  refOf,
  roleStatements,
  synthesisedResources,
  type TemplateResource,
} from './support/templates.ts';

let resources: readonly TemplateResource[];
beforeAll(async () => {
  resources = await synthesisedResources();
}, 120_000);
const ofType = (type: string) => resources.filter((one) => one.type === type);
const nameOf = ({ stack, logicalId }: TemplateResource) => `${stack}/${logicalId}`;
const inStack = (stack: string, id: string | undefined) =>
  resources.find((one) => one.stack === stack && one.logicalId === id);
/** Names of those that do not meet the condition. */
const failing = (ones: readonly TemplateResource[], meets: (one: TemplateResource) => boolean) => {
  expect(ones.length).toBeGreaterThan(0);
  return ones.filter((one) => !meets(one)).map(nameOf);
};

describe('functions', () => {
  it('run nodejs24.x on arm64, within a stated time and memory, traced or joining the traces of others', () => {
    const functions = ofType('AWS::Lambda::Function');
    expect(functions.length).toBeGreaterThan(25);
    expect(
      failing(
        functions,
        ({ properties }) =>
          properties.Runtime === 'nodejs24.x' &&
          JSON.stringify(properties.Architectures) === '["arm64"]' &&
          ['Active', 'PassThrough'].includes(String(at(properties, 'TracingConfig', 'Mode'))) &&
          typeof properties.Timeout === 'number' &&
          typeof properties.MemorySize === 'number' &&
          typeof properties.Description === 'string',
      ),
    ).toEqual([]);
  });

  it('have a role and a log group of their own, kept for a stated time', () => {
    const functions = ofType('AWS::Lambda::Function');
    const roles = functions.map((one) => `${one.stack}/${refOf(one.properties.Role)}`);
    const groups = functions.map(
      (one) => `${one.stack}/${refOf(at(one.properties, 'LoggingConfig', 'LogGroup'))}`,
    );
    expect([new Set(roles).size, new Set(groups).size]).toEqual([functions.length, functions.length]);
    expect(
      failing(functions, (one) => {
        const group = inStack(one.stack, refOf(at(one.properties, 'LoggingConfig', 'LogGroup')));
        const role = inStack(one.stack, refOf(one.properties.Role));
        return typeof group?.properties.RetentionInDays === 'number' && role?.type === 'AWS::IAM::Role';
      }),
    ).toEqual([]);
    expect(
      failing(
        ofType('AWS::Logs::LogGroup'),
        ({ properties }) => typeof properties.RetentionInDays === 'number',
      ),
    ).toEqual([]);
  });

  it('report partial failures of what they are fed, and lose nothing that fails for good', () => {
    expect(
      failing(ofType('AWS::Lambda::EventSourceMapping'), ({ stack, properties }) => {
        const source = inStack(stack, refOf(properties.EventSourceArn));
        const kept =
          source?.type === 'AWS::SQS::Queue'
            ? at(source.properties, 'RedrivePolicy', 'deadLetterTargetArn') !== undefined
            : at(properties, 'DestinationConfig', 'OnFailure', 'Destination') !== undefined;
        return JSON.stringify(properties.FunctionResponseTypes) === '["ReportBatchItemFailures"]' && kept;
      }),
    ).toEqual([]);
  });

  it('have at least six times their own time to finish what a queue gave them', () => {
    expect(
      failing(ofType('AWS::Lambda::EventSourceMapping'), ({ stack, properties }) => {
        const queue = inStack(stack, refOf(properties.EventSourceArn));
        const fn = inStack(stack, refOf(properties.FunctionName));
        return (
          queue?.type !== 'AWS::SQS::Queue' ||
          Number(queue.properties.VisibilityTimeout) >= 6 * Number(fn?.properties.Timeout)
        );
      }),
    ).toEqual([]);
  });
});

describe('tables', () => {
  it('are on demand, recoverable, protected, encrypted and forget by ttl', () => {
    expect(
      failing(
        ofType('AWS::DynamoDB::Table'),
        ({ properties, deletionPolicy }) =>
          properties.BillingMode === 'PAY_PER_REQUEST' &&
          at(properties, 'PointInTimeRecoverySpecification', 'PointInTimeRecoveryEnabled') === true &&
          properties.DeletionProtectionEnabled === true &&
          deletionPolicy === 'Retain' &&
          at(properties, 'TimeToLiveSpecification', 'AttributeName') === 'ttl',
      ),
    ).toEqual([]);
  });
});

describe('queues, rules and schedules', () => {
  it('have a dead-letter queue, or are one', () => {
    const dead = new Set(
      resources.flatMap((one) => deadLetterTargets(one.properties).map((id) => `${one.stack}/${id}`)),
    );
    const queues = ofType('AWS::SQS::Queue');
    expect(
      failing(queues, (one) => one.properties.RedrivePolicy !== undefined || dead.has(nameOf(one))),
    ).toEqual([]);
    expect(failing(queues, ({ properties }) => properties.SqsManagedSseEnabled === true)).toEqual([]);
  });

  it('keep events that no target took; what runs each minute has an alarm on its errors', () => {
    const watched = new Set(
      ofType('AWS::CloudWatch::Alarm')
        .filter(({ properties }) => properties.MetricName === 'Errors')
        .map(({ stack, properties }) => `${stack}/${refOf(at(properties, 'Dimensions', 0, 'Value'))}`),
    );
    expect(
      failing(ofType('AWS::Events::Rule'), ({ stack, properties }) => {
        const targets = z.array(z.record(z.string(), z.json())).min(1).parse(properties.Targets);
        return targets.every((target) =>
          properties.ScheduleExpression
            ? watched.has(`${stack}/${refOf(target.Arn)}`)
            : at(target, 'DeadLetterConfig', 'Arn') !== undefined,
        );
      }),
    ).toEqual([]);
  });

  it('take messages of gateways by Basic Ingest, with an error action', () => {
    const rules = ofType('AWS::IoT::TopicRule');
    expect(rules.map(({ properties }) => properties.RuleName).toSorted()).toEqual([
      'hashinsight_command_response',
      'hashinsight_gateway_connected',
      'hashinsight_safety',
      'hashinsight_sealed',
      'hashinsight_telemetry',
      'hashinsight_telemetry_gone',
    ]);
    expect(
      failing(
        rules,
        ({ properties }) =>
          refOf(at(properties, 'TopicRulePayload', 'ErrorAction', 'Sqs', 'QueueUrl')) !== undefined,
      ),
    ).toEqual([]);
  });
});

const deadLetterTargets = (value: Json | Readonly<Record<string, Json>>): string[] => {
  if (Array.isArray(value)) return value.flatMap((inner) => deadLetterTargets(inner));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    const named =
      key === 'deadLetterTargetArn'
        ? refOf(inner)
        : key === 'DeadLetterConfig'
          ? refOf(at(inner, 'Arn'))
          : key === 'OnFailure'
            ? refOf(at(inner, 'Destination'))
            : undefined;
    return named ? [named] : deadLetterTargets(inner);
  });
};

describe('alarms', () => {
  it('say how grave they are and where to begin, and tell somebody', () => {
    expect(
      failing(ofType('AWS::CloudWatch::Alarm'), ({ properties }) => {
        const text = String(properties.AlarmDescription);
        const [, page = 'none'] = / Runbook: (docs\/runbooks\/[a-z-]+\.md)$/.exec(text) ?? [];
        return (
          /^P[0-3] [A-Z]/.test(text) &&
          existsSync(join(root, page)) &&
          Array.isArray(properties.AlarmActions) &&
          properties.AlarmActions.length > 0
        );
      }),
    ).toEqual([]);
  });

  it('have a page each that says what it means, how to look and how to end it', () => {
    const pages = new Set(
      ofType('AWS::CloudWatch::Alarm').map(
        ({ properties }) => String(properties.AlarmDescription).split('Runbook: ')[1] ?? '',
      ),
    );
    for (const page of pages) {
      const headings = readFileSync(join(root, page), 'utf8').match(/^(## |\*\*[A-Z])/gm) ?? [];
      expect([page, headings.length >= 3]).toEqual([page, true]);
    }
  });
});

describe('roles', () => {
  /** Actions that AWS ties to no resource, or whose resource would close a circle (a loop's own task tokens). */
  const everywhere = new Set([
    'xray:PutTraceSegments',
    'xray:PutTelemetryRecords',
    'xray:GetSamplingRules',
    'xray:GetSamplingTargets',
    'states:SendTaskSuccess',
    'dynamodb:ListStreams',
    'iot:CreateKeysAndCertificate',
    'iot:CreateCertificateFromCsr',
    'iot:DescribeEndpoint',
    'logs:CreateLogDelivery',
    'logs:GetLogDelivery',
    'logs:UpdateLogDelivery',
    'logs:DeleteLogDelivery',
    'logs:ListLogDeliveries',
    'logs:PutResourcePolicy',
    'logs:DescribeResourcePolicies',
    'logs:DescribeLogGroups',
  ]);
  /** CDK's grants of a key and of a bucket's objects name families of actions on that one resource. */
  const families = new Set(['kms:ReEncrypt*', 'kms:GenerateDataKey*', 's3:Abort*']);

  it('may nothing in general', () => {
    const broad = roleStatements(resources).flatMap(({ where, Action }) =>
      Action.filter((action) => action.includes('*') && !families.has(action)).map(
        (action) => `${where} ${action}`,
      ),
    );
    expect(broad).toEqual([]);
  });

  it('name the resource, save for actions that know none', () => {
    const broad = roleStatements(resources).flatMap(({ where, Effect, Action, Resource }) =>
      Effect === 'Allow' && [Resource].flat().includes('*')
        ? Action.filter((action) => !everywhere.has(action)).map((action) => `${where} ${action}`)
        : [],
    );
    expect(broad).toEqual([]);
  });

  it('of functions may open what gateways sealed: not of the API, nor of any other', () => {
    const keys = ofType('AWS::KMS::Key').filter(({ logicalId }) => /SealingKey/.test(logicalId));
    expect(keys.map(({ stack }) => stack)).toEqual(['HashInsightSealing']);
    const onKey = roleStatements(resources).filter(({ Resource }) =>
      /SealingKey/.test(JSON.stringify(Resource)),
    );
    expect(onKey.map(({ where, Action }) => [where.replace(/[0-9A-F]{8}$/, ''), Action]).toSorted()).toEqual([
      [expect.stringMatching(/^HashInsightSealing\/GatewayRole/), ['kms:Encrypt', 'kms:Decrypt']],
      [
        expect.stringMatching(/^HashInsightSealing\/RotationFunction/),
        ['kms:ReEncryptFrom', 'kms:ReEncryptTo'],
      ],
    ]);
  });

  it('of the API may not unseal what gateways sign with', () => {
    const apis = roleStatements(resources).filter(({ where }) =>
      /HashInsight(Fleet|Gateway)\/ApiFunction/.test(where),
    );
    expect(apis.length).toBeGreaterThan(0);
    expect(apis.some(({ Action }) => Action.includes('iot:Publish'))).toBe(false);
  });
});

describe('the key of webhook secrets', () => {
  it('of webhooks may seal secrets or open them, never both', () => {
    const may = (action: string) =>
      roleStatements(resources)
        .filter(
          ({ Action, Resource }) =>
            Action.includes(action) && [Resource].flat().some((one) => /^SecretKey/.test(refOf(one) ?? '')),
        )
        .map(({ where }) => /\/([A-Z][a-z]+)FunctionParts/.exec(where)?.[1]);
    expect([may('kms:Encrypt'), may('kms:Decrypt')]).toEqual([['Api'], ['Attempt']]);
  });
});

describe('the state machine', () => {
  it('is a STANDARD one in JSONata, traced, and logs no data', () => {
    const machines = ofType('AWS::StepFunctions::StateMachine');
    expect(
      failing(
        machines,
        ({ properties }) =>
          properties.StateMachineType === 'STANDARD' &&
          at(properties, 'TracingConfiguration', 'Enabled') === true &&
          at(properties, 'LoggingConfiguration', 'IncludeExecutionData') === false,
      ),
    ).toEqual([]);
    const definition = z
      .object({ QueryLanguage: z.literal('JSONata'), TimeoutSeconds: z.number().optional() })
      .parse(JSON.parse(readFileSync(join(root, 'statemachines', 'closed-loop.asl.json'), 'utf8')));
    expect(definition.QueryLanguage).toBe('JSONata');
    const text = readFileSync(join(root, 'statemachines', 'closed-loop.asl.json'), 'utf8');
    const placeholders = new Set([...text.matchAll(/\$\{(\w+)\}/g)].map(([, name]) => name));
    expect([...placeholders].toSorted()).toEqual(
      Object.keys(
        z.record(z.string(), z.json()).parse(machines[0]?.properties.DefinitionSubstitutions),
      ).toSorted(),
    );
  });
});

describe('the HTTP API', () => {
  it('has exactly the routes of the route tables, each behind the authorizer', () => {
    const routes = ofType('AWS::ApiGatewayV2::Route');
    expect(routes.map(({ properties }) => properties.RouteKey).toSorted()).toEqual(
      [...operations, ...legacyOperations].map(({ method, path }) => `${method} ${path}`).toSorted(),
    );
    expect(
      failing(
        routes,
        ({ properties }) =>
          properties.AuthorizationType === 'CUSTOM' && properties.AuthorizerId !== undefined,
      ),
    ).toEqual([]);
  });

  it('asks the authorizer every time', () => {
    expect(
      ofType('AWS::ApiGatewayV2::Authorizer').map(
        ({ properties }) => properties.AuthorizerResultTtlInSeconds,
      ),
    ).toEqual([0, 0]);
  });
});

describe('buckets', () => {
  it('are private, encrypted and over TLS only', () => {
    const buckets = ofType('AWS::S3::Bucket');
    expect(
      failing(
        buckets,
        ({ properties }) =>
          ['BlockPublicAcls', 'BlockPublicPolicy', 'IgnorePublicAcls', 'RestrictPublicBuckets'].every(
            (key) => at(properties, 'PublicAccessBlockConfiguration', key) === true,
          ) && properties.BucketEncryption !== undefined,
      ),
    ).toEqual([]);
    const secured = new Set(
      ofType('AWS::S3::BucketPolicy')
        .filter(({ properties }) =>
          /"Deny".*aws:SecureTransport|aws:SecureTransport.*"Deny"/.test(JSON.stringify(properties)),
        )
        .map(({ stack, properties }) => `${stack}/${refOf(properties.Bucket)}`),
    );
    expect(failing(buckets, (one) => secured.has(nameOf(one)))).toEqual([]);
  });
});

describe('the app', () => {
  it('has one line for each stack', () => {
    const lines = readFileSync(join(root, 'bin', 'hashinsight.ts'), 'utf8').split('\n');
    const made = lines.flatMap((line) =>
      [...line.matchAll(/new \w+Stack\(app, '(\w+)'/g)].map(([, id]) => id),
    );
    expect(made.toSorted()).toEqual([...new Set(resources.map(({ stack }) => stack))].toSorted());
    expect(lines.filter((line) => /new \w+Stack\(/.test(line) && !/\);$/.test(line))).toEqual([]);
  });
});
