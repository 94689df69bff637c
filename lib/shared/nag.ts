import { type App, type PolicyValidationPluginReport, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import type { IConstruct } from 'constructs';

type Justification = {
  /** The finding, as cdk-nag names it after `AwsSolutions-`. */
  readonly finding: RegExp;
  /** Paths of the constructs that may have it. */
  readonly where: RegExp;
  readonly because: string;
};

const functionRoles = /FunctionParts\/Role\/|\/AuthorizeParts\/Role\//;

/** Every finding of the AwsSolutions pack that stays, each with the reason in a sentence. */
export const justifications: readonly Justification[] = [
  {
    finding: /^IAM5\[Resource::\*\]$/,
    where: functionRoles,
    because:
      'X-Ray and the few IoT actions that make a certificate or name the endpoint know no resource to be limited to.',
  },
  {
    finding: /^IAM5\[Resource::.*\/index\/\*\]$/,
    where: functionRoles,
    because: 'A table grant names the table and its indexes, which belong to the same context.',
  },
  {
    finding: /^IAM5\[Action::kms:(ReEncrypt|GenerateDataKey)\*\]$/,
    where: functionRoles,
    because:
      'DynamoDB needs both variants of these two actions to write under a customer key, and the statement names that one key.',
  },
  {
    finding: /^IAM5\[Resource::arn:.*:iot:.*:(thing|cert|client)\/\*\]$/,
    where: /^HashInsightGateway\/(\w+FunctionParts|Provisioning)\/Role\//,
    because:
      'Letting a gateway in or out concerns things and certificates, whose names exist only afterwards.',
  },
  {
    finding: /^IAM5\[Resource::arn:.*:topic\/cmd\/hashinsight\/\*\/(request|halt)\]$/,
    where: /^HashInsightControl\/(Dispatch|Halt)FunctionParts\/Role\//,
    because:
      'Orders and kill switches go to every gateway of every site, on their request and halt topics alone.',
  },
  {
    finding: /^IAM5\[Resource::arn:.*:topic\/cfg\/hashinsight\/\*\/inventory\]$/,
    where: /^HashInsightSealing\/RestoreFunctionParts\/Role\//,
    because:
      'It hands every gateway of every site its own sealed inventory, on their inventory topics alone.',
  },
  {
    finding: /^IAM5\[Resource::arn:.*:topic\/dt\/hashinsight\/\*\/receipt\]$/,
    where: /^HashInsightTelemetry\/ReceiptFunctionParts\/Role\//,
    because: 'It tells every gateway of every site what is durable, on their receipt topics alone.',
  },
  {
    finding: /^IAM5\[(Action::s3:[A-Za-z]+\*|Resource::.*Quarantine.*\/\*)\]$/,
    where: /^HashInsightTelemetry\/.*Role\//,
    because: 'Set-aside batches get names when they arrive; the statement names their one bucket.',
  },
  {
    finding:
      /^IAM5\[Resource::(<Blocks[0-9A-F]+\.Arn>|HashInsightTelemetry:\w+Blocks[0-9A-F]+Arn[0-9A-F]+)\/(\*|[a-z]+\/\*)\]$/,
    where: functionRoles,
    because:
      'Blocks get names when they are made; the statement names their one bucket, or one prefix of it.',
  },
  {
    finding: /^IAM5\[Resource::(<.*Function.*\.Arn>:)?\*\]$/,
    where: /^HashInsightAdvisor\/ClosedLoop\/Role\//,
    because: 'The loop calls its own functions in any version, and X-Ray and log delivery know no resources.',
  },
  {
    finding: /^IAM5\[(Action::s3:[A-Za-z]+\*|Resource::<Log[0-9A-F]+\.Arn>\/\*)\]$/,
    where: /^HashInsightAudit\/(Api|Checkpoint)FunctionParts\/Role\//,
    because: 'Tiles and checkpoints get names as the log grows; the statement names their one bucket.',
  },
  {
    finding: /^SQS3$/,
    where: /^HashInsight(Audit\/Unpublished|Advisor\/Unstarted)\//,
    because: 'It is itself the dead-letter queue, of a stream or of rules, which cdk-nag does not see.',
  },
  {
    finding: /^S1$/,
    where: /^HashInsightTelemetry\/Blocks\//,
    because:
      "Only the product's functions reach it, and the telemetry table lists every block; a log line per object would cost more than the object.",
  },
  {
    finding: /^S1$/,
    where: /^HashInsightAudit\/Log\//,
    because:
      'One function writes it, nobody can change or delete what it wrote, and each object is proved by the next checkpoint.',
  },
  {
    finding: /^S1$/,
    where: /^HashInsightTelemetry\/Quarantine\//,
    because:
      'One function writes it, and each object is listed with its reason and its gateway in the telemetry table.',
  },
  {
    finding: /^S1$/,
    where: /^HashInsightConsole\/AccessLogs\//,
    because: 'It holds the access logs of the others.',
  },
  {
    finding: /^CFR4$/,
    where: /^HashInsightConsole\/Distribution\//,
    because:
      "The default cloudfront.net certificate fixes the oldest TLS version; a site's own domain brings its certificate and the TLS 1.2 policy that is set.",
  },
  {
    finding: /^CFR1$/,
    where: /^HashInsightConsole\/Distribution\//,
    because: 'Sites and their operators are in many countries.',
  },
  {
    finding: /^CFR2$/,
    where: /^HashInsightConsole\/Distribution\//,
    because:
      'Every API route checks the session and its rights, and sign-in attempts are limited; whoever runs it publicly may attach a web ACL.',
  },
  {
    finding: /^COG2$/,
    where: /^HashInsightIdentity\/Users\//,
    because: 'Users may enrol a second factor, and an identity provider that is federated asks for its own.',
  },
];

const isJustified = (ruleName: string, path: string) => {
  const finding = ruleName.replace(/^AwsSolutions-/, '');
  return justifications.some((one) => one.finding.test(finding) && one.where.test(path));
};

/** The AwsSolutions pack without the findings that are justified above. */
export class JustifiedChecks extends AwsSolutionsChecks {
  override validateScope(scope: IConstruct): PolicyValidationPluginReport {
    const violations = super.validateScope(scope).violations.flatMap((violation) => {
      const violatingResources = violation.violatingResources.filter(
        ({ constructPath = '' }) => !isJustified(violation.ruleName, constructPath),
      );
      return violatingResources.length > 0 ? [{ ...violation, violatingResources }] : [];
    });
    return { success: violations.length === 0, violations };
  }
}

/** Checks the whole app at synthesis, which fails on a finding that nobody justified. */
export const checkWithNag = (app: App) => {
  Validations.of(app).addPlugins(new JustifiedChecks(app));
};
