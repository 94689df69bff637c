import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { environmentCredentialsOnly, plainSchemaKeys } from '../../lib/shared/lambda-bundling.ts';

const functions = { ingest: 'ingest-sample.ts', rollUp: 'roll-up-miners.ts' } as const;

const functionOf = (name: keyof typeof functions) => ({
  Type: 'AWS::Lambda::Function',
  Properties: {
    FunctionName: `naive-${name}`,
    Code: { S3Bucket: 'assets', S3Key: `${name}.zip` },
    Handler: 'index.handler',
    Runtime: 'nodejs24.x',
    Role: 'arn:aws:iam::000000000000:role/none',
    Timeout: 60,
    MemorySize: 256,
    Environment: { Variables: { TABLE: { Ref: 'Table' } } },
  },
});

/** One table, one function for each sample, one rule that calls it; nothing that is not needed, no tracing, no backup. */
const template = {
  Resources: {
    Table: {
      Type: 'AWS::DynamoDB::Table',
      Properties: {
        TableName: 'naive',
        AttributeDefinitions: ['pk', 'sk'].map((name) => ({ AttributeName: name, AttributeType: 'S' })),
        KeySchema: [
          { AttributeName: 'pk', KeyType: 'HASH' },
          { AttributeName: 'sk', KeyType: 'RANGE' },
        ],
        BillingMode: 'PAY_PER_REQUEST',
        TimeToLiveSpecification: { AttributeName: 'ttl', Enabled: true },
      },
    },
    Ingest: functionOf('ingest'),
    RollUp: functionOf('rollUp'),
    Rule: {
      Type: 'AWS::IoT::TopicRule',
      Properties: {
        RuleName: 'naive_sample',
        TopicRulePayload: {
          Sql: "SELECT * FROM 'naive/+'",
          AwsIotSqlVersion: '2016-03-23',
          Actions: [{ Lambda: { FunctionArn: { 'Fn::GetAtt': ['Ingest', 'Arn'] } } }],
        },
      },
    },
    Policy: {
      Type: 'AWS::IoT::Policy',
      Properties: {
        PolicyName: 'naive',
        PolicyDocument: {
          Version: '2012-10-17',
          Statement: [{ Effect: 'Allow', Action: ['iot:Connect', 'iot:Publish'], Resource: '*' }],
        },
      },
    },
  },
};

/** Writes the naive design as a synthesised app below `parent`. Answers its cdk.out. */
export const writeNaiveApp = async (parent: string): Promise<string> => {
  const directory = join(parent, 'cdk.out');
  mkdirSync(directory, { recursive: true });
  const write = (name: string, content: unknown) =>
    writeFileSync(join(directory, name), JSON.stringify(content));
  await build({
    entryPoints: Object.fromEntries(
      Object.entries(functions).map(([name, file]) => [
        `asset.${name}/index`,
        join(import.meta.dirname, file),
      ]),
    ),
    outdir: directory,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    mainFields: ['module', 'main'],
    banner: { js: "import{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);" },
    plugins: [environmentCredentialsOnly, plainSchemaKeys],
    logLevel: 'warning',
  });
  const files = Object.fromEntries(
    Object.keys(functions).map((name) => [
      name,
      {
        source: { path: `asset.${name}`, packaging: 'zip' },
        destinations: { here: { objectKey: `${name}.zip` } },
      },
    ]),
  );
  write('app.assets.json', { version: '1', files, dockerImages: {} });
  write('Naive.template.json', template);
  write('manifest.json', {
    version: '1',
    artifacts: {
      assets: { type: 'cdk:asset-manifest', properties: { file: 'app.assets.json' } },
      Naive: {
        type: 'aws:cloudformation:stack',
        dependencies: ['assets'],
        properties: { templateFile: 'Naive.template.json' },
      },
    },
  });
  return directory;
};
