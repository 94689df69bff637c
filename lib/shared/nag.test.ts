import { App, Stack } from 'aws-cdk-lib';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { expect, test } from 'vitest';
import { JustifiedChecks, justifications } from './nag.ts';

const findings = (app: App) =>
  new JustifiedChecks(app)
    .validateScope(app)
    .violations.flatMap(({ ruleName, violatingResources }) =>
      violatingResources.map(({ constructPath }) => `${ruleName} ${constructPath}`),
    );

test('a finding that nobody justified is reported, also next to a justified one', () => {
  const app = new App();
  const stack = new Stack(app, 'HashInsightControl');
  new Bucket(stack, 'Open');
  const role = (scope: Construct) => {
    const made = new Role(scope, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    made.addToPolicy(new PolicyStatement({ actions: ['xray:PutTraceSegments'], resources: ['*'] }));
    return made;
  };
  role(new Construct(stack, 'ApiFunctionParts'));
  const dispatch = role(new Construct(stack, 'DispatchFunctionParts'));
  dispatch.addToPolicy(new PolicyStatement({ actions: ['s3:*'], resources: ['*'] }));
  role(new Construct(stack, 'Elsewhere'));
  expect(findings(app).toSorted()).toEqual([
    'AwsSolutions-IAM5[Action::s3:*] HashInsightControl/DispatchFunctionParts/Role/DefaultPolicy/Resource',
    'AwsSolutions-IAM5[Resource::*] HashInsightControl/Elsewhere/Role/DefaultPolicy/Resource',
    'AwsSolutions-S1 HashInsightControl/Open/Resource',
    'AwsSolutions-S10 HashInsightControl/Open/Resource',
  ]);
});

test('every justification is anchored to a place and says why in a sentence', () => {
  for (const { finding, where, because } of justifications) {
    expect(finding.source).toMatch(/^\^.*\$$/);
    expect(because).toMatch(/^[A-Z].{30,}\.$/);
    expect(where.test('Anything/Else/Resource')).toBe(false);
  }
});
