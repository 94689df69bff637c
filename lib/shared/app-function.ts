import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import {
  Architecture,
  Code,
  Function as LambdaFunction,
  LoggingFormat,
  Runtime,
  Tracing,
} from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { bundleOf } from './bundle.ts';

export type AppFunctionProps = {
  /** The entry point, from the repository's root: `lambdas/telemetry/on-telemetry-batch.ts`. */
  readonly entry: string;
  readonly description: string;
  readonly environment?: Record<string, string>;
  readonly timeout?: Duration;
  readonly memoryMb?: number;
  readonly reservedConcurrency?: number;
  /**
   * Called for each batch or each minute by the system itself: Lambda would begin a trace for nearly every call, more than the
   * calls cost. It joins traces that others have begun.
   */
  readonly isRoutine?: boolean;
};

/**
 * A Lambda function as this product runs them: nodejs24.x on arm64, X-Ray, JSON logs kept for a month in a group of
 * its own, and a role of its own that at first may do nothing but write those logs and traces.
 */
export class AppFunction extends LambdaFunction {
  constructor(
    scope: Construct,
    id: string,
    { entry, description, environment, timeout, memoryMb, reservedConcurrency, isRoutine }: AppFunctionProps,
  ) {
    const parts = new Construct(scope, `${id}Parts`);
    const logGroup = new LogGroup(parts, 'Logs', {
      retention: RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const role = new Role(parts, 'Role', {
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      description: `What ${entry} may do`,
    });
    logGroup.grantWrite(role);
    role.addToPolicy(
      // X-Ray knows no resource-level permissions for these two actions.
      new PolicyStatement({
        actions: ['xray:PutTraceSegments', 'xray:PutTelemetryRecords'],
        resources: ['*'],
      }),
    );
    super(scope, id, {
      description,
      role,
      logGroup,
      loggingFormat: LoggingFormat.JSON,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      tracing: isRoutine ? Tracing.PASS_THROUGH : Tracing.ACTIVE,
      handler: 'index.handler',
      code: Code.fromAsset(bundleOf(entry)),
      timeout: timeout ?? Duration.seconds(10),
      memorySize: memoryMb ?? 512,
      environment: {
        POWERTOOLS_SERVICE_NAME: entry.split('/')[1] ?? 'hashinsight',
        POWERTOOLS_METRICS_NAMESPACE: 'HashInsight',
        ...environment,
      },
      ...(reservedConcurrency !== undefined && { reservedConcurrentExecutions: reservedConcurrency }),
    });
  }
}
