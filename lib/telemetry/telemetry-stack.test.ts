import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { beforeAll, describe, expect, it } from 'vitest';
import { telemetryMetrics } from '../../lambdas/telemetry/metric-names.ts';
import { AlertingStack } from '../alerting/alerting-stack.ts';
import { PlatformStack } from '../platform/platform-stack.ts';
import { bundleOf, entryPoints } from '../shared/bundle.ts';
import { TelemetryStack } from './telemetry-stack.ts';

const root = join(import.meta.dirname, '..', '..');
let telemetry: Template;
let alerting: Template;

beforeAll(() => {
  // The templates need a directory for each bundle, not what is in it.
  for (const entry of entryPoints().filter((one) => /telemetry|alerting/.test(one))) {
    const directory = bundleOf(entry);
    if (existsSync(directory)) continue;
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, 'index.mjs'), '', { flag: 'a' });
  }
  const app = new App();
  const platform = new PlatformStack(app, 'Platform');
  const grants = { grantCommit: () => {}, grantRead: () => {} };
  const props = {
    platform,
    apiAccess: { api: platform.api, authorizerId: 'auth' },
    audit: grants,
    fleet: grants,
  };
  const stacks = [
    new TelemetryStack(app, 'Telemetry', props),
    new AlertingStack(app, 'Alerting', props),
  ] as const;
  telemetry = Template.fromStack(stacks[0]);
  alerting = Template.fromStack(stacks[1]);
});

describe('the telemetry stack', () => {
  it('takes batches in by Basic Ingest, with an error action', () => {
    telemetry.hasResourceProperties('AWS::IoT::TopicRule', {
      RuleName: 'hashinsight_telemetry',
      TopicRulePayload: {
        Sql: "SELECT encode(*, 'base64') AS payload, topic(3) AS siteId, topic(4) AS gatewayId, timestamp() AS receivedAtMs FROM 'dt/hashinsight/+/+/telemetry'",
        Actions: [{ Sqs: Match.objectLike({ UseBase64: false }) }],
        ErrorAction: { Sqs: Match.anyValue() },
      },
    });
  });

  it('keeps what it sets aside private, encrypted and for 30 days', () => {
    telemetry.hasResourceProperties('AWS::S3::Bucket', {
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
      BucketEncryption: Match.anyValue(),
      LifecycleConfiguration: { Rules: [Match.objectLike({ ExpirationInDays: 30 })] },
    });
    telemetry.hasResourceProperties('AWS::S3::BucketPolicy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
        ]),
      },
    });
  });

  it('keeps blocks under the customer’s key, each tier longer than anything refers to it', () => {
    telemetry.hasResourceProperties('AWS::S3::Bucket', {
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [
          Match.objectLike({
            BucketKeyEnabled: true,
            ServerSideEncryptionByDefault: Match.objectLike({ SSEAlgorithm: 'aws:kms' }),
          }),
        ],
      },
      LifecycleConfiguration: {
        Rules: Match.arrayWith(
          Object.entries({ 'batch/': 8, 'raw/': 8, 'history/': 101, 'daily/': 420, 'export/': 7 }).map(
            ([Prefix, ExpirationInDays]) => ({ Prefix, ExpirationInDays, Status: 'Enabled' }),
          ),
        ),
      },
    });
  });

  it('lets ingest neither read quarantined bytes nor touch the audit log', () => {
    const policies = telemetry.findResources('AWS::IAM::Policy');
    const ofIngest = Object.entries(policies).filter(([id]) => id.startsWith('IngestFunction'));
    expect(ofIngest).toHaveLength(1);
    expect(JSON.stringify(ofIngest)).toContain('"Blocks');
    expect(JSON.stringify(ofIngest)).not.toMatch(/Quarantine|Audit/);
  });
});

it('the dashboard shows lag, losses, roll-ups and cost, for nothing: fifty metrics at most', () => {
  const [board] = Object.values(telemetry.findResources('AWS::CloudWatch::Dashboard'));
  const body = JSON.stringify(board?.Properties.DashboardBody);
  for (const name of Object.values(telemetryMetrics)) expect(body).toContain(name);
  for (const name of ['ConsumedWriteCapacityUnits', 'BucketSizeBytes', 'Invocations'])
    expect(body).toContain(name);
  expect(body.match(/\\"(HashInsight|AWS\/\w+)\\",/g)?.length).toBeLessThanOrEqual(50);
  expect(body.match(/\\"(HashInsight|AWS\/\w+)\\",/g)?.length).toBeGreaterThan(20);
});

it('every own metric but those that merely count has an alarm', () => {
  const watched = JSON.stringify(telemetry.findResources('AWS::CloudWatch::Alarm'));
  const counts = new Set<string>([telemetryMetrics.unknownMiners, telemetryMetrics.batchLag]);
  for (const name of Object.values(telemetryMetrics))
    if (!counts.has(name)) expect(watched).toContain(`"MetricName":"${name}"`);
});

it('every alarm of both stacks has a severity and a runbook that exists', () => {
  const alarms = [telemetry, alerting].flatMap((template) =>
    Object.values(template.findResources('AWS::CloudWatch::Alarm')),
  );
  expect(alarms.length).toBeGreaterThanOrEqual(7);
  for (const { Properties } of alarms) {
    const [, runbook] =
      /^P[0-3] .+ Runbook: (docs\/runbooks\/.+\.md)$/.exec(Properties.AlarmDescription) ?? [];
    expect(existsSync(join(root, runbook ?? 'none'))).toBe(true);
  }
});
