/**
 * How the local runtime's services meet. Each AWS service is a folder under local/ that starts on a loopback port of its
 * own, and contributes handlers for the CloudFormation resource types that it stands for. The loader walks cdk.out in
 * dependency order, resolves intrinsics, and calls the handler of each resource; an unknown type stops it.
 */

/** A resource with every intrinsic in its properties resolved. */
export type ResolvedResource = {
  readonly stack: string;
  readonly logicalId: string;
  readonly type: string;
  readonly properties: Readonly<Record<string, unknown>>;
};

/** What `Ref` and `Fn::GetAtt` give for a created resource. */
export type CreatedResource = { readonly ref: string; readonly attributes?: Readonly<Record<string, string>> };

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

/** What a service may use of the others. Filled in as services start; read it at use, not at construction. */
export type Surroundings = {
  readonly region: string;
  readonly accountId: string;
  /** Directory for this service's durable state. */
  readonly stateDir: (service: string) => string;
  readonly invoke: InvokeFunction;
  /** Puts a message into a queue by URL or ARN. */
  readonly sendToQueue: (queueUrlOrArn: string, body: string) => Promise<void>;
  /** Starts a state machine execution by ARN; a name makes it idempotent. */
  readonly startExecution: (stateMachineArn: string, input: string, name?: string) => Promise<void>;
  /** One line for whoever watches the runtime; never a secret. */
  readonly log: (service: string, line: string) => void;
};
