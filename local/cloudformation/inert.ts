import { createHash } from 'node:crypto';
import type { CreatedResource } from '../ports.ts';

export type InertPlace = {
  readonly stack: string;
  readonly logicalId: string;
  readonly region: string;
  readonly accountId: string;
  readonly publicUrl: string;
};

type Inert = {
  /** Why doing nothing is right on one machine. */
  readonly why: string;
  readonly gives?: (place: InertPlace) => CreatedResource;
};

const name = ({ stack, logicalId }: InertPlace) => `${stack}-${logicalId}`;
const arn = (service: string, kind: string, place: InertPlace, regional = true) =>
  `arn:aws:${service}:${regional ? place.region : ''}:${place.accountId}:${kind}${name(place)}`;
const shortId = (place: InertPlace) => createHash('sha256').update(name(place)).digest('hex').slice(0, 13);

const identity =
  'Nobody else is on this machine, and every local service is bound to loopback: there is nothing to permit.';
const watching =
  'It watches CloudWatch metrics, which only the cloud has; locally functions log to files and the console shows what happens.';
const delivery = 'The local HTTP server serves the console and the API from one address by itself.';
const building = 'It exists for the deployment to the cloud alone.';

/**
 * Every resource type that the loader passes over, with the reason, and what Ref and Fn::GetAtt give for it. What is
 * neither here nor handled by a service stops the start.
 */
export const inertTypes: Readonly<Record<string, Inert>> = {
  'AWS::CDK::Metadata': { why: building },
  'AWS::Lambda::Permission': { why: identity },
  'AWS::SQS::QueuePolicy': { why: identity },
  'AWS::S3::BucketPolicy': { why: identity },
  'AWS::SNS::TopicPolicy': { why: identity },
  'AWS::Events::EventBusPolicy': { why: identity },
  'AWS::KMS::ReplicaKey': { why: 'There is one region locally.' },
  'AWS::Logs::LogGroup': {
    why: 'Functions log to files under the state directory.',
    gives: (place) => ({ ref: name(place), attributes: { Arn: `${arn('logs', 'log-group:', place)}:*` } }),
  },
  'AWS::Logs::ResourcePolicy': { why: identity },
  'AWS::Logs::MetricFilter': { why: watching },
  'AWS::Logs::QueryDefinition': { why: watching },
  'AWS::CloudWatch::Alarm': {
    why: watching,
    gives: (place) => ({ ref: name(place), attributes: { Arn: arn('cloudwatch', 'alarm:', place) } }),
  },
  'AWS::CloudWatch::CompositeAlarm': {
    why: watching,
    gives: (place) => ({ ref: name(place), attributes: { Arn: arn('cloudwatch', 'alarm:', place) } }),
  },
  'AWS::CloudWatch::Dashboard': { why: watching },
  'AWS::XRay::Group': { why: watching },
  'AWS::EventSchemas::Registry': {
    why: 'It holds documentation, which docs/events.md has, too.',
    gives: (place) => ({
      ref: arn('schemas', 'registry/', place),
      attributes: { RegistryArn: arn('schemas', 'registry/', place), RegistryName: name(place) },
    }),
  },
  'AWS::EventSchemas::Schema': { why: 'It is documentation, which docs/events.md has, too.' },
  'AWS::SNS::Topic': {
    why: 'The app publishes to topics from alarms alone, and alarms are the cloud’s.',
    gives: (place) => ({
      ref: arn('sns', '', place),
      attributes: { TopicArn: arn('sns', '', place), TopicName: name(place) },
    }),
  },
  'AWS::SNS::Subscription': { why: 'Its topic carries alarms alone, and alarms are the cloud’s.' },
  'AWS::CloudFront::Distribution': {
    why: delivery,
    gives: (place) => {
      const domain = `${shortId(place)}.cloudfront.net`;
      return {
        ref: shortId(place).toUpperCase(),
        attributes: { DomainName: domain, Id: shortId(place).toUpperCase() },
        urls: { [`https://${domain}`]: place.publicUrl },
      };
    },
  },
  'AWS::CloudFront::OriginAccessControl': {
    why: delivery,
    gives: (place) => ({ ref: shortId(place), attributes: { Id: shortId(place) } }),
  },
  'AWS::CloudFront::CloudFrontOriginAccessIdentity': {
    why: delivery,
    gives: (place) => ({
      ref: shortId(place),
      attributes: { Id: shortId(place), S3CanonicalUserId: shortId(place) },
    }),
  },
  'AWS::CloudFront::ResponseHeadersPolicy': {
    why: delivery,
    gives: (place) => ({ ref: shortId(place), attributes: { Id: shortId(place) } }),
  },
  'AWS::CloudFront::CachePolicy': {
    why: delivery,
    gives: (place) => ({ ref: shortId(place), attributes: { Id: shortId(place) } }),
  },
  'AWS::CloudFront::OriginRequestPolicy': {
    why: delivery,
    gives: (place) => ({ ref: shortId(place), attributes: { Id: shortId(place) } }),
  },
  'AWS::CloudFront::Function': {
    why: delivery,
    gives: (place) => ({
      ref: arn('cloudfront', 'function/', place, false),
      attributes: { FunctionARN: arn('cloudfront', 'function/', place, false) },
    }),
  },
  'AWS::WAFv2::WebACL': {
    why: 'It filters requests from the internet, and the server is bound to loopback.',
    gives: (place) => ({
      ref: name(place),
      attributes: { Arn: arn('wafv2', 'regional/webacl/', place), Id: shortId(place) },
    }),
  },
  'AWS::WAFv2::WebACLAssociation': {
    why: 'It filters requests from the internet, and the server is bound to loopback.',
  },
  'AWS::Lambda::LayerVersion': {
    why: 'Only the deployment’s own custom resources use layers; functions that name one are refused.',
    gives: (place) => ({
      ref: `${arn('lambda', 'layer:', place)}:1`,
      attributes: { LayerVersionArn: `${arn('lambda', 'layer:', place)}:1` },
    }),
  },
  'Custom::CDKBucketDeployment': {
    why: 'It copies the console to its bucket; the local HTTP server serves the console’s directory itself.',
    gives: (place) => ({
      ref: name(place),
      attributes: { DestinationBucketArn: arn('s3', '', place, false), SourceObjectKeys: '' },
    }),
  },
  'Custom::S3AutoDeleteObjects': { why: building },
  'Custom::LogRetention': { why: 'Functions log to files under the state directory.' },
};

/** What an inert resource gives, or undefined when the type is not inert. */
export const createInert = (type: string, place: InertPlace): CreatedResource | undefined => {
  const inert = Object.hasOwn(inertTypes, type) ? inertTypes[type] : undefined;
  return inert && (inert.gives?.(place) ?? { ref: name(place) });
};
