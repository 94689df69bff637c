import { describe, expect, it } from 'vitest';
import type { ResolvedResource, ResourceHandlers } from '../ports.ts';
import { type TestApp, temporaryDirectory, writeApp } from '../testing/test-app.ts';
import { readAssembly } from './assembly.ts';
import { creationOrder, deploy } from './deploy.ts';
import { createInert, inertTypes } from './inert.ts';

const run = async (app: TestApp) => {
  using directory = temporaryDirectory();
  const created: ResolvedResource[] = [];
  const handlers: ResourceHandlers = {
    'Test::Thing': (resource) => {
      created.push(resource);
      return { ref: resource.logicalId.toLowerCase(), attributes: { Arn: `arn:${resource.logicalId}` } };
    },
  };
  const assembly = readAssembly(writeApp(directory.path, app));
  const outputs = await deploy(assembly, {
    region: 'us-east-1',
    accountId: '000000000000',
    publicUrl: 'http://localhost:1',
    handlers,
  });
  return { created, outputs };
};
const thing = (Properties: unknown = {}) => ({ Type: 'Test::Thing', Properties });

describe('order', () => {
  it('creates what is referred to, named in DependsOn or exported first', async () => {
    const { created, outputs } = await run({
      dependsOn: { First: ['Second'] },
      stacks: {
        First: {
          Resources: { A: thing({ from: { 'Fn::ImportValue': 'Second:B' } }) },
          Outputs: { Mine: { Value: { Ref: 'A' } } },
        },
        Second: {
          Resources: {
            C: { ...thing({ of: { 'Fn::GetAtt': ['B', 'Arn'] } }), DependsOn: 'D' },
            D: thing(),
            B: thing(),
          },
          Outputs: { B: { Value: { 'Fn::GetAtt': ['B', 'Arn'] }, Export: { Name: 'Second:B' } } },
        },
      },
    });
    expect(created.map(({ logicalId }) => logicalId)).toEqual(['B', 'D', 'C', 'A']);
    expect(created.at(-1)?.properties).toEqual({ from: 'arn:B' });
    expect(outputs.First).toEqual({ Mine: 'a' });
  });

  it('leaves out a resource whose condition does not hold', async () => {
    const { created } = await run({
      stacks: {
        App: {
          Conditions: { Never: { 'Fn::Equals': ['a', 'b'] } },
          Resources: { Kept: thing(), Left: { ...thing(), Condition: 'Never' } },
        },
      },
    });
    expect(created.map(({ logicalId }) => logicalId)).toEqual(['Kept']);
  });

  it('names the members of a cycle', () => {
    const resource = (to: string) => ({
      Type: 'Test::Thing',
      Properties: { to: { Ref: to } },
      DependsOn: [],
    });
    const template = {
      Parameters: {},
      Mappings: {},
      Conditions: {},
      Outputs: {},
      Resources: { A: resource('B'), B: resource('A') },
    };
    expect(() => creationOrder({ name: 'App', template })).toThrow('App: A → B → A depend on each other');
  });
});

describe('what it cannot run', () => {
  it('is found before anything is created', async () => {
    const app = { stacks: { App: { Resources: { Fine: thing(), Odd: { Type: 'AWS::Odd::Thing' } } } } };
    await expect(run(app)).rejects.toThrow(
      'App/Odd (AWS::Odd::Thing): the local runtime does not know this resource type',
    );
  });

  it('says that nothing was synthesised', () => {
    using directory = temporaryDirectory();
    expect(() => readAssembly(directory.path)).toThrow('holds no synthesised app');
  });
});

describe('inert resources', () => {
  it.each(Object.entries(inertTypes))('%s says why', (_type, { why }) => {
    expect(why).toMatch(/^\p{Lu}.{20,}\.$/u);
  });

  it('give what other resources ask of them', () => {
    const place = {
      stack: 'App',
      logicalId: 'Group1',
      region: 'us-east-1',
      accountId: '000000000000',
      publicUrl: 'http://localhost:1',
    };
    expect(createInert('AWS::Logs::LogGroup', place)?.attributes?.Arn).toBe(
      'arn:aws:logs:us-east-1:000000000000:log-group:App-Group1:*',
    );
    expect(Object.values(createInert('AWS::CloudFront::Distribution', place)?.urls ?? {})).toEqual([
      'http://localhost:1',
    ]);
  });
});
