import { CfnOutput, Duration, Fn, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import {
  AllowedMethods,
  CachePolicy,
  Function as CloudFrontFunction,
  Distribution,
  FunctionCode,
  FunctionEventType,
  FunctionRuntime,
  HeadersFrameOption,
  HeadersReferrerPolicy,
  HttpVersion,
  OriginRequestPolicy,
  ResponseHeadersPolicy,
  SecurityPolicyProtocol,
  ViewerProtocolPolicy,
} from 'aws-cdk-lib/aws-cloudfront';
import { HttpOrigin, S3BucketOrigin } from 'aws-cdk-lib/aws-cloudfront-origins';
import {
  BlockPublicAccess,
  Bucket,
  BucketEncryption,
  type BucketProps,
  type IBucket,
  ObjectOwnership,
} from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import type { PlatformStack } from '../platform/platform-stack.ts';
import { contentSecurityPolicy, permissionsPolicy } from './security-headers.ts';
import { forwardHost, servePage, toCloudFrontCode } from './viewer-request.ts';

export type ConsoleStackProps = StackProps & { readonly platform: PlatformStack };

/** As the interface, whose optional members CDK's class widens beyond what exact optional types take. */
const bucket = (scope: Construct, id: string, props: BucketProps) =>
  new Bucket(scope, id, { ...privateBucket, ...props }) as IBucket;

const privateBucket = {
  blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
  encryption: BucketEncryption.S3_MANAGED,
  enforceSSL: true,
  removalPolicy: RemovalPolicy.RETAIN,
} as const;

/**
 * The console's files in a bucket that only CloudFront reads, and the API behind the same name, so that the session's
 * cookie is first-party. `bin/publish-console.ts` puts a build into the bucket.
 */
export class ConsoleStack extends Stack {
  readonly #logs: IBucket;

  constructor(scope: Construct, id: string, { platform, ...props }: ConsoleStackProps) {
    super(scope, id, props);
    this.#logs = bucket(this, 'AccessLogs', {
      // CloudFront's standard logs are delivered by ACL.
      objectOwnership: ObjectOwnership.OBJECT_WRITER,
      lifecycleRules: [{ expiration: Duration.days(90) }],
    });
    const files = bucket(this, 'Files', {
      versioned: true,
      serverAccessLogsBucket: this.#logs,
      serverAccessLogsPrefix: 'bucket/',
      lifecycleRules: [{ noncurrentVersionExpiration: Duration.days(30) }],
    });
    const distribution = this.#distribution(files, Fn.select(2, Fn.split('/', platform.api.apiEndpoint)));
    new CfnOutput(this, 'ConsoleUrl', { value: `https://${distribution.distributionDomainName}` });
    new CfnOutput(this, 'ConsoleBucket', { value: files.bucketName });
  }

  #distribution(files: IBucket, apiHost: string) {
    const page = {
      origin: S3BucketOrigin.withOriginAccessControl(files),
      viewerProtocolPolicy: ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
      cachePolicy: CachePolicy.CACHING_OPTIMIZED,
      responseHeadersPolicy: this.#securityHeaders(),
      compress: true,
      functionAssociations: [this.#atRequest('ServePage', toCloudFrontCode(servePage))],
    };
    const api = {
      origin: new HttpOrigin(apiHost, { readTimeout: Duration.seconds(30) }),
      viewerProtocolPolicy: ViewerProtocolPolicy.HTTPS_ONLY,
      allowedMethods: AllowedMethods.ALLOW_ALL,
      cachePolicy: CachePolicy.CACHING_DISABLED,
      originRequestPolicy: OriginRequestPolicy.ALL_VIEWER_EXCEPT_HOST_HEADER,
      responseHeadersPolicy: ResponseHeadersPolicy.SECURITY_HEADERS,
      functionAssociations: [this.#atRequest('ForwardHost', toCloudFrontCode(forwardHost))],
    };
    return new Distribution(this, 'Distribution', {
      comment: 'HashInsight console and API',
      defaultBehavior: page,
      additionalBehaviors: { '/api/*': api, '/auth/*': api },
      defaultRootObject: 'index.html',
      httpVersion: HttpVersion.HTTP2_AND_3,
      minimumProtocolVersion: SecurityPolicyProtocol.TLS_V1_2_2021,
      enableLogging: true,
      logBucket: this.#logs,
      logFilePrefix: 'cloudfront/',
      logIncludesCookies: false,
    });
  }

  #atRequest(id: string, code: string) {
    const run = new CloudFrontFunction(this, id, {
      code: FunctionCode.fromInline(code),
      runtime: FunctionRuntime.JS_2_0,
    });
    return { function: run, eventType: FunctionEventType.VIEWER_REQUEST };
  }

  #securityHeaders() {
    return new ResponseHeadersPolicy(this, 'SecurityHeaders', {
      securityHeadersBehavior: {
        contentSecurityPolicy: { contentSecurityPolicy, override: true },
        contentTypeOptions: { override: true },
        frameOptions: { frameOption: HeadersFrameOption.DENY, override: true },
        referrerPolicy: { referrerPolicy: HeadersReferrerPolicy.NO_REFERRER, override: true },
        strictTransportSecurity: {
          accessControlMaxAge: Duration.days(730),
          includeSubdomains: true,
          preload: true,
          override: true,
        },
      },
      customHeadersBehavior: {
        customHeaders: [
          { header: 'permissions-policy', value: permissionsPolicy, override: true },
          { header: 'cross-origin-opener-policy', value: 'same-origin', override: true },
        ],
      },
    });
  }
}
