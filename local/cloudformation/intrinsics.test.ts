import { describe, expect, it } from 'vitest';
import type { Template } from './assembly.ts';
import { conditionHolds, pseudoParameters, referencesOf, resolveValue, type Scope } from './intrinsics.ts';

const template: Template = {
  Parameters: {
    Size: { Type: 'String', Default: 'small' },
    Bare: { Type: 'String' },
    Given: { Type: 'String', Default: 'no' },
  },
  Mappings: { Sizes: { small: { memory: '128' } } },
  Conditions: {
    IsSmall: { 'Fn::Equals': [{ Ref: 'Size' }, 'small'] },
    IsNotSmall: { 'Fn::Not': [{ Condition: 'IsSmall' }] },
    Both: { 'Fn::And': [{ Condition: 'IsSmall' }, { Condition: 'IsNotSmall' }] },
    Either: { 'Fn::Or': [{ Condition: 'IsSmall' }, { Condition: 'IsNotSmall' }] },
  },
  Resources: { Queue: { Type: 'AWS::SQS::Queue', Properties: {}, DependsOn: [] } },
  Outputs: {},
};
const scope: Scope = {
  stack: 'App',
  template,
  parameters: { Given: 'by the runtime', Absent: 'x' },
  pseudo: pseudoParameters('App', 'us-east-1', '000000000000'),
  created: new Map([
    ['Queue', { ref: 'http://queue', attributes: { Arn: 'arn:queue' } }],
    ['Api', { ref: 'api1' }],
  ]),
  exports: new Map([['Other:Thing', 'exported']]),
  urls: new Map([['https://api1.execute-api.us-east-1.amazonaws.com', 'http://localhost:1']]),
};
const resolve = (value: unknown) => resolveValue(value, scope, 'Here');

describe('every intrinsic', () => {
  it.each<[string, unknown, unknown]>([
    ['Ref to a resource', { Ref: 'Queue' }, 'http://queue'],
    ['Ref to a parameter', { Ref: 'Size' }, 'small'],
    ['Ref to a parameter that the runtime gives', { Ref: 'Given' }, 'by the runtime'],
    ['Ref to a pseudo parameter', { Ref: 'AWS::AccountId' }, '000000000000'],
    ['Fn::GetAtt', { 'Fn::GetAtt': ['Queue', 'Arn'] }, 'arn:queue'],
    ['Fn::GetAtt in one text', { 'Fn::GetAtt': 'Queue.Arn' }, 'arn:queue'],
    ['Fn::Join', { 'Fn::Join': ['-', ['a', { Ref: 'AWS::Region' }, 3]] }, 'a-us-east-1-3'],
    ['Fn::Join of a split', { 'Fn::Join': ['/', { 'Fn::Split': [',', 'a,b'] }] }, 'a/b'],
    ['Fn::Sub', { 'Fn::Sub': `\${Queue.Arn}:\${AWS::Partition}:\${!Literal}` }, `arn:queue:aws:\${Literal}`],
    ['Fn::Sub with a map', { 'Fn::Sub': [`\${Mine}-\${Size}`, { Mine: { Ref: 'Api' } }] }, 'api1-small'],
    ['Fn::Select', { 'Fn::Select': ['1', ['a', 'b']] }, 'b'],
    ['Fn::Split', { 'Fn::Split': ['|', 'a|b'] }, ['a', 'b']],
    ['Fn::ImportValue', { 'Fn::ImportValue': { 'Fn::Sub': 'Other:Thing' } }, 'exported'],
    ['Fn::FindInMap', { 'Fn::FindInMap': ['Sizes', { Ref: 'Size' }, 'memory'] }, '128'],
    ['Fn::Base64', { 'Fn::Base64': 'hello' }, 'aGVsbG8='],
    ['Fn::GetAZs', { 'Fn::Select': [0, { 'Fn::GetAZs': '' }] }, 'us-east-1a'],
    ['Fn::If', { 'Fn::If': ['IsSmall', 'yes', 'no'] }, 'yes'],
    ['AWS::NoValue in an object', { a: { Ref: 'AWS::NoValue' }, b: 1 }, { b: 1 }],
    ['AWS::NoValue by Fn::If in a list', [{ 'Fn::If': ['IsNotSmall', 1, { Ref: 'AWS::NoValue' }] }, 2], [2]],
    [
      'a condition block of a policy',
      { Condition: { Bool: { x: 'false' } } },
      { Condition: { Bool: { x: 'false' } } },
    ],
    [
      'a composed address',
      { 'Fn::Join': ['', ['https://', { Ref: 'Api' }, '.execute-api.us-east-1.amazonaws.com/x']] },
      'http://localhost:1/x',
    ],
  ])('%s', (_name, value, expected) => {
    expect(resolve(value)).toEqual(expected);
  });

  it.each([
    ['IsSmall', true],
    ['IsNotSmall', false],
    ['Both', false],
    ['Either', true],
  ])('condition %s is %s', (name, expected) => {
    expect(conditionHolds(name, scope, 'Here')).toBe(expected);
  });
});

describe('what it does not know stops it with stack and logical id', () => {
  it.each<[unknown, string]>([
    [{ 'Fn::Cidr': [] }, 'App/Here: the local runtime does not know the intrinsic Fn::Cidr'],
    [{ Ref: 'Nowhere' }, 'App/Here: Ref Nowhere names nothing that exists'],
    [{ Ref: 'Absent' }, 'App/Here: Ref Absent names nothing that exists'],
    [{ Ref: 'Bare' }, 'App/Here: the parameter Bare has no default'],
    [
      { 'Fn::GetAtt': ['Queue', 'Colour'] },
      'App/Here: the local runtime gives no attribute Colour of Queue (AWS::SQS::Queue)',
    ],
    [{ 'Fn::GetAtt': ['Gone', 'Arn'] }, 'App/Here: Fn::GetAtt names Gone, which does not exist'],
    [{ 'Fn::ImportValue': 'None' }, 'App/Here: no stack before it exports None'],
    [
      { 'Fn::FindInMap': ['Sizes', 'large', 'memory'] },
      'App/Here: Fn::FindInMap finds no Sizes.large.memory',
    ],
    [{ 'Fn::Select': [5, ['a']] }, 'App/Here: Fn::Select 5 is outside its list'],
    [{ 'Fn::If': ['Unset', 1, 2] }, 'App/Here: the condition Unset is not defined'],
  ])('%j', (value, sentence) => {
    expect(() => resolve(value)).toThrow(sentence);
  });
});

describe('references', () => {
  it('finds those of Ref, Fn::GetAtt and Fn::Sub, however deep', () => {
    const value = {
      a: [{ Ref: 'One' }, { 'Fn::Join': ['', [{ 'Fn::GetAtt': ['Two', 'Arn'] }]] }],
      b: { 'Fn::Sub': `\${Three.Arn} \${!Not} \${Four}` },
    };
    expect([...referencesOf(value)].toSorted()).toEqual(['Four', 'One', 'Three', 'Two']);
  });
});
