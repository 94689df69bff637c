import { Duration } from 'aws-cdk-lib';
import { EventBus, type EventPattern, Rule } from 'aws-cdk-lib/aws-events';
import { SqsQueue } from 'aws-cdk-lib/aws-events-targets';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { AppAlarm, fiveMinutes } from './app-alarm.ts';

export type AppQueueProps = {
  readonly alarmTopic: ITopic;
  readonly runbook: `${string}.md`;
  /** What lies in the queue, for the alarm's sentence: "Telemetry batches". */
  readonly content: string;
  readonly maxReceiveCount?: number;
  /** At least six times the consumer's timeout. */
  readonly visibilityTimeout?: Duration;
};

/** A queue with its dead-letter queue, both encrypted and over TLS only, and an alarm on the first dead letter. */
export class AppQueue extends Construct {
  readonly queue: Queue;
  readonly deadLetters: Queue;

  constructor(
    scope: Construct,
    id: string,
    { alarmTopic, runbook, content, maxReceiveCount, visibilityTimeout }: AppQueueProps,
  ) {
    super(scope, id);
    this.deadLetters = new Queue(this, 'DeadLetters', {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
    this.queue = new Queue(this, 'Queue', {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      visibilityTimeout: visibilityTimeout ?? Duration.seconds(60),
      deadLetterQueue: { queue: this.deadLetters, maxReceiveCount: maxReceiveCount ?? 5 },
    });
    new AppAlarm(this, 'DeadLetterAlarm', {
      metric: this.deadLetters.metricApproximateNumberOfMessagesVisible({
        period: fiveMinutes,
        statistic: 'Maximum',
      }),
      threshold: 1,
      severity: 'P1',
      runbook,
      summary: `${content} failed for good and wait in the dead-letter queue.`,
      topic: alarmTopic,
    });
  }

  /** Lets a function consume the queue, with partial batch failures. */
  feed(fn: IFunction, options: { readonly batchSize?: number } = {}) {
    fn.addEventSource(
      new SqsEventSource(this.queue, { batchSize: options.batchSize ?? 10, reportBatchItemFailures: true }),
    );
    return this;
  }

  /** Routes events of these detail-types from the bus into the queue. */
  subscribe(bus: EventBus, detailTypes: readonly string[]) {
    return this.hear(bus, { detailType: [...detailTypes] });
  }

  /** Routes what fits a pattern from the bus into the queue. */
  hear(bus: EventBus, eventPattern: EventPattern) {
    new Rule(this, 'Rule', {
      eventBus: EventBus.fromEventBusAttributes(this, 'Bus', {
        eventBusArn: bus.eventBusArn,
        eventBusName: bus.eventBusName,
        eventBusPolicy: bus.eventBusPolicy,
      }),
      eventPattern,
      targets: [new SqsQueue(this.queue, { deadLetterQueue: this.deadLetters })],
    });
    return this;
  }
}
