/**
 * How the local runtime's services meet. Each AWS service is a folder under local/ that starts on a loopback port of its
 * own, and contributes handlers for the CloudFormation resource types that it stands for. The loader walks cdk.out in
 * dependency order, resolves intrinsics, and calls the handler of each resource; an unknown type stops it.
 *
 * A service is started by `start<Service>(surroundings: Surroundings): Promise<LocalService>` in
 * `local/<service>/start-<service>.ts`: startDynamoDb (dynamodb), startEventBridge (eventbridge), startStepFunctions
 * (stepfunctions), startIot (iot), startCognito (cognito). `local/runtime.ts` composes them. Everything that listens,
 * listens on 127.0.0.1 and, unless people must know the port, on a free one (0).
 */

import type { RefusalOf } from './iam/iam.ts';
import type { Meter } from './metering/meter.ts';

/** A resource with every intrinsic in its properties resolved. */
export type ResolvedResource = {
  readonly stack: string;
  readonly logicalId: string;
  readonly type: string;
  readonly properties: Readonly<Record<string, unknown>>;
};

/** What `Ref` and `Fn::GetAtt` give for a created resource. */
export type CreatedResource = {
  readonly ref: string;
  readonly attributes?: Readonly<Record<string, string>>;
  /**
   * Addresses that templates compose from the above (`https://<id>.execute-api.us-east-1.amazonaws.com`) and where they
   * are reached locally. The loader replaces them in every resolved string.
   */
  readonly urls?: Readonly<Record<string, string>>;
};

/** Creates or, when the runtime's state is kept between runs, finds again. Throws Error naming the logical id. */
export type ResourceHandler = (resource: ResolvedResource) => Promise<CreatedResource> | CreatedResource;
export type ResourceHandlers = Readonly<Record<string, ResourceHandler>>;

/** A running service. `endpoint` is what AWS_ENDPOINT_URL_<SERVICE> is set to, where SDK clients reach it. */
export type LocalService = {
  readonly endpoint?: string;
  readonly resources: ResourceHandlers;
  /** Called once after all resources exist and functions can be invoked: start polling, schedules, durable timers. */
  readonly begin?: () => Promise<void> | void;
  /** Stops in order, leaving state on disk whole. */
  readonly close: () => Promise<void>;
};

/** Invokes a function by name or ARN. `payload` is the function's answer; a function error is a value here. */
export type InvocationOutcome =
  | { readonly ok: true; readonly payload: unknown }
  | { readonly ok: false; readonly errorType: string; readonly errorMessage: string };
export type InvokeFunction = (functionNameOrArn: string, event: unknown) => Promise<InvocationOutcome>;

/** One change of an item, as Lambda receives it. Images are in DynamoDB's attribute-value JSON. */
export type StreamRecord = {
  readonly eventID: string;
  readonly eventName: 'INSERT' | 'MODIFY' | 'REMOVE';
  readonly eventVersion: '1.1';
  readonly eventSource: 'aws:dynamodb';
  readonly awsRegion: string;
  readonly eventSourceARN: string;
  /** Present when the time to live, not a caller, deleted the item. */
  readonly userIdentity?: { readonly type: 'Service'; readonly principalId: 'dynamodb.amazonaws.com' };
  readonly dynamodb: {
    /** Seconds since 1970. */
    readonly ApproximateCreationDateTime: number;
    readonly Keys: Readonly<Record<string, unknown>>;
    readonly NewImage?: Readonly<Record<string, unknown>>;
    readonly OldImage?: Readonly<Record<string, unknown>>;
    readonly SequenceNumber: string;
    readonly SizeBytes: number;
    readonly StreamViewType: 'KEYS_ONLY' | 'NEW_IMAGE' | 'OLD_IMAGE' | 'NEW_AND_OLD_IMAGES';
  };
};

/**
 * A reader of a stream. Its place is kept under `name` between runs. Batches come in order, at once when records appear
 * (no polling), and never two at a time: the next after `deliver` has settled. `deliver` resolves when it is done with
 * every record (it retries, bisects and sends to a failure destination by itself), which moves the place; it rejects only
 * when the runtime stops, and then the same records come again at the next start.
 */
export type StreamReader = {
  readonly name: string;
  readonly startingPosition: 'TRIM_HORIZON' | 'LATEST';
  readonly maxRecords: number;
  /** How long to gather after the first record, unless `maxRecords` are there before. Usually 0. */
  readonly gatherMs: number;
  readonly deliver: (records: readonly StreamRecord[]) => Promise<void>;
};
/** `startDynamoDb` answers `LocalService & { streams: StreamSource }`. Throws Error on an unknown stream ARN. */
export type StreamSource = {
  readonly subscribe: (streamArn: string, reader: StreamReader) => { readonly close: () => Promise<void> };
};

/** Where gateways connect by MQTT over mutual TLS, and the PEM file of the authority that signed the broker's certificate. */
export type MqttAccess = { readonly host: string; readonly port: number; readonly caPath: string };

/** What a service may use of the others. Filled in as services start; read it at use, not at construction. */
export type Surroundings = {
  /** Where people and devices reach the API and the console: `http://localhost:<port>`. */
  readonly publicUrl: string;
  readonly region: string;
  readonly accountId: string;
  /** Directory for this service's durable state. */
  readonly stateDir: (service: string) => string;
  readonly invoke: InvokeFunction;
  /** Lambda's `Event` invocation, as EventBridge and S3 do it: accepted at once, two retries, then the failure destination. */
  readonly invokeAsync: (functionNameOrArn: string, event: unknown) => Promise<void>;
  /** Where the file or directory of a CDK asset lies, by the S3 key that a template names. Throws Error on an unknown key. */
  readonly assetPath: (s3Key: string) => string;
  /** Puts a message into a queue by URL or ARN. */
  readonly sendToQueue: (queueUrlOrArn: string, body: string) => Promise<void>;
  /** Starts a state machine execution by ARN; a name makes it idempotent. */
  readonly startExecution: (stateMachineArn: string, input: string, name?: string) => Promise<void>;
  /** What of a request its signer may not do; where it is left out, everybody may do all. */
  readonly refusalOf?: RefusalOf | undefined;
  /** Where requests report what they use, if somebody asked for a bill. */
  readonly meter?: Meter | undefined;
  /** One line for whoever watches the runtime; never a secret. */
  readonly log: (service: string, line: string) => void;
};
