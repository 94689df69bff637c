import { Duration, Stack, type StackProps } from 'aws-cdk-lib';
import { CfnAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction as LambdaTarget } from 'aws-cdk-lib/aws-events-targets';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { CfnPolicy } from 'aws-cdk-lib/aws-iot';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { ruleNames } from '../../contracts/topics.ts';
import { gatewayRoutes } from '../../lambdas/gateway/api.ts';
import { credentialRoutes, edgeRoutes } from '../../lambdas/gateway/edge-api.ts';
import type { PlatformStack } from '../platform/platform-stack.ts';
import { type ApiAccess, addRoutes } from '../shared/api-routes.ts';
import { AppAlarm, fiveMinutes } from '../shared/app-alarm.ts';
import { AppFunction } from '../shared/app-function.ts';
import { AppQueue } from '../shared/app-queue.ts';
import { IngestRule } from '../shared/ingest-rule.ts';
import { claimPolicy, gatewayPolicy } from './gateway-policies.ts';
import { Provisioning } from './provisioning.ts';

type Grant = (fn: LambdaFunction) => void;
export type GatewayStackProps = StackProps & {
  readonly platform: PlatformStack;
  readonly apiAccess: ApiAccess;
  readonly audit: { readonly grantCommit: Grant };
  readonly fleet: { readonly grantRead: Grant; readonly grantKeepGateways: Grant };
  readonly control: { readonly grantRecordResponse: Grant; readonly grantReportSafety: Grant };
  readonly telemetry: { readonly grantReport: Grant; readonly grantReadReceipts: Grant };
};

const template = 'hashinsight-gateway';
/** The longest poll, and time for what comes before and after it; API Gateway waits for 30 s. */
const pollTimeout = Duration.seconds(28);

/** Gateways: how they are let in, what they hold, how that is replaced and ended, and their second path into the cloud. */
export class GatewayStack extends Stack {
  /** What puts routes behind gateways' bearer tokens. */
  readonly deviceAccess: ApiAccess;
  readonly #props: GatewayStackProps;
  readonly #policy: CfnPolicy;
  readonly #claimPolicy: CfnPolicy;

  constructor(scope: Construct, id: string, props: GatewayStackProps) {
    const {
      platform: _platform,
      apiAccess,
      audit: _audit,
      fleet: _fleet,
      control: _control,
      telemetry: _telemetry,
      ...stackProps
    } = props;
    super(scope, id, stackProps);
    this.#props = props;
    this.#policy = gatewayPolicy(this);
    this.#claimPolicy = claimPolicy(this, template);
    this.#people(apiAccess);
    const devices = this.#authorizer();
    this.deviceAccess = devices;
    this.#credentials(devices);
    this.#edge(devices);
    this.#provisioning();
    this.#hearConnections();
    this.#endClaims();
  }

  /** Sites' gateways for people who run them. */
  #people(apiAccess: ApiAccess) {
    const api = this.#keeper('ApiFunction', {
      entry: 'lambdas/gateway/handle-api.ts',
      description: 'Gateways and their claims over HTTP',
      timeout: Duration.seconds(25),
      environment: { PROVISIONING_TEMPLATE: template },
    });
    this.#mayIssue(api);
    this.#mayEndCertificates(api);
    this.#allow(api, ['iot:CreateKeysAndCertificate'], '*');
    this.#allow(api, ['iot:ListThingPrincipals'], this.#arn('thing', '*'));
    this.#allow(api, ['iot:DeleteConnection'], this.#arn('client', '*'));
    addRoutes(this, apiAccess, gatewayRoutes, api);
  }

  /** Says which gateway asks, from its bearer token; a session says nothing to it. */
  #authorizer(): ApiAccess {
    const { platform } = this.#props;
    const authorize = this.#keeper('Authorize', {
      entry: 'lambdas/gateway/on-authorize.ts',
      description: 'Says which gateway asks, from its bearer token',
      timeout: Duration.seconds(5),
      isRoutine: true,
    });
    authorize.addPermission('ApiMayAsk', {
      principal: new ServicePrincipal('apigateway.amazonaws.com'),
      sourceArn: `arn:${this.partition}:execute-api:${this.region}:${this.account}:${platform.api.apiId}/authorizers/*`,
    });
    const authorizer = new CfnAuthorizer(this, 'DeviceAuthorizer', {
      apiId: platform.api.apiId,
      name: 'device',
      authorizerType: 'REQUEST',
      authorizerPayloadFormatVersion: '2.0',
      enableSimpleResponses: true,
      authorizerResultTtlInSeconds: 0,
      authorizerUri: `arn:${this.partition}:apigateway:${this.region}:lambda:path/2015-03-31/functions/${authorize.functionArn}/invocations`,
    });
    return { api: platform.api, authorizerId: authorizer.ref };
  }

  /** The one function that gateways reach which may make certificates and seal secrets. */
  #credentials(devices: ApiAccess) {
    const credentials = this.#keeper('CredentialsFunction', {
      entry: 'lambdas/gateway/handle-credentials.ts',
      description: 'Registers gateways by claim and gives them their next credentials',
      timeout: Duration.seconds(20),
    });
    this.#mayIssue(credentials);
    this.#mayEndCertificates(credentials);
    this.#allow(credentials, ['iot:CreateCertificateFromCsr'], '*');
    addRoutes(new Construct(this, 'Credentials'), devices, credentialRoutes, credentials);
  }

  #edge(devices: ApiAccess) {
    const { fleet, control, telemetry } = this.#props;
    const edge = new AppFunction(this, 'EdgeFunction', {
      entry: 'lambdas/gateway/handle-edge.ts',
      description: 'Hands out commands to gateways over HTTPS and takes what they report',
      timeout: pollTimeout,
      memoryMb: 256,
      isRoutine: true,
    });
    fleet.grantRead(edge);
    control.grantRecordResponse(edge);
    control.grantReportSafety(edge);
    telemetry.grantReport(edge);
    telemetry.grantReadReceipts(edge);
    addRoutes(new Construct(this, 'Edge'), devices, edgeRoutes, edge);
  }

  #provisioning() {
    const hook = this.#keeper('ProvisionFunction', {
      entry: 'lambdas/gateway/on-provision.ts',
      description: 'Says whether a gateway may be provisioned, and as which',
      timeout: Duration.seconds(5),
    });
    new Provisioning(this, 'Provisioning', { templateName: template, policy: this.#policy, hook });
  }

  /** The first connection with a new certificate ends the ones before it. */
  #hearConnections() {
    const connected = this.#keeper('ConnectedFunction', {
      entry: 'lambdas/gateway/on-gateway-connected.ts',
      description: 'Ends the certificates before the one that a gateway has connected with',
      isRoutine: true,
    });
    this.#mayEndCertificates(connected);
    const queue = new AppQueue(this, 'Connections', {
      alarmTopic: this.#props.platform.alarmTopic,
      runbook: 'gateway-certificates-not-retired.md',
      content: 'Connections of gateways',
    });
    queue.feed(connected);
    new IngestRule(this, 'ConnectedRule', {
      ruleName: ruleNames.connected,
      sql: "SELECT clientId, principalIdentifier FROM '$aws/events/presence/connected/+'",
      queue: queue.queue,
      errorQueue: queue.deadLetters,
    });
  }

  #endClaims() {
    const end = this.#keeper('ClaimsFunction', {
      entry: 'lambdas/gateway/on-schedule-claims.ts',
      description: 'Ends claims whose time is over, and their certificates',
      timeout: Duration.seconds(55),
      isRoutine: true,
    });
    this.#mayEndCertificates(end);
    new Rule(this, 'EachQuarterHour', {
      schedule: Schedule.rate(Duration.minutes(15)),
      targets: [new LambdaTarget(end)],
    });
    new AppAlarm(this, 'ClaimsAlarm', {
      metric: end.metricErrors({ period: fiveMinutes }),
      threshold: 1,
      severity: 'P2',
      runbook: 'gateway-claims-not-ended.md',
      summary: 'Claim certificates stay active after their claims have ended.',
      topic: this.#props.platform.alarmTopic,
    });
  }

  /** A function that keeps gateways' records. */
  #keeper(id: string, props: ConstructorParameters<typeof AppFunction>[2]) {
    const fn = new AppFunction(this, id, props);
    this.#props.fleet.grantKeepGateways(fn);
    this.#props.audit.grantCommit(fn);
    return fn;
  }

  #arn(resource: string, resourceName: string) {
    return this.formatArn({ service: 'iot', resource, resourceName });
  }

  #allow(fn: LambdaFunction, actions: string[], ...resources: string[]) {
    fn.addToRolePolicy(new PolicyStatement({ actions, resources }));
  }

  /** Certificates for things, and sealed secrets. */
  #mayIssue(fn: LambdaFunction) {
    const { dataKey } = this.#props.platform;
    fn.addEnvironment('DATA_KEY_ID', dataKey.keyId);
    dataKey.grantEncrypt(fn);
    this.#allow(fn, ['iot:CreateThing', 'iot:AttachThingPrincipal'], this.#arn('thing', '*'));
    this.#allow(fn, ['iot:AttachPolicy', 'iot:AttachThingPrincipal'], this.#arn('cert', '*'));
    this.#allow(fn, ['iot:DescribeEndpoint'], '*');
  }

  #mayEndCertificates(fn: LambdaFunction) {
    fn.addEnvironment('GATEWAY_POLICY', this.#policy.ref);
    fn.addEnvironment('CLAIM_POLICY', this.#claimPolicy.ref);
    const certificates = ['Describe', 'Update', 'Delete'].map((verb) => `iot:${verb}Certificate`);
    this.#allow(
      fn,
      [...certificates, 'iot:DetachPolicy', 'iot:DetachThingPrincipal'],
      this.#arn('cert', '*'),
    );
    this.#allow(fn, ['iot:DetachThingPrincipal'], this.#arn('thing', '*'));
  }
}
