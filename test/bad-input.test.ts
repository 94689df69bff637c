import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accessTests } from './bad-input/api-access.ts';
import { sessionTests } from './bad-input/api-session.ts';
import { tenantTests } from './bad-input/api-tenants.ts';
import { validationTests } from './bad-input/api-validation.ts';
import { batchTests } from './bad-input/batches.ts';
import { commandTests } from './bad-input/commands.ts';
import { peoplesState } from './bad-input/everything.ts';
import { minerTests } from './bad-input/miners.ts';
import { type Stage, setStage } from './support/bad-input-stage.ts';
import { auditHead } from './support/running-cloud.ts';

let stage: Stage;
const stageOf = () => stage;
beforeAll(async () => {
  stage = await setStage();
}, 120_000);
afterAll(() => stage?.close());

describe('the API, asked wrongly', () => {
  let before: unknown;
  beforeAll(async () => {
    before = await peoplesState(stage);
  });
  accessTests(stageOf);
  validationTests(stageOf);
  tenantTests(stageOf);
  sessionTests(stageOf);

  it('has changed nothing meanwhile', async () => {
    expect(await peoplesState(stage)).toEqual(before);
  });
});

describe('batches that cannot be used', () => {
  batchTests(stageOf);
});

describe('commands that must not be obeyed', () => {
  commandTests(stageOf);
});

describe('miners that talk nonsense', () => {
  minerTests(stageOf);
});

it('leaves audit chains that verify', async () => {
  const { length } = await auditHead(stage.cloud, 'owner', stage.ids.siteId);
  expect(length).toBeGreaterThan(5);
  expect((await auditHead(stage.cloud, 'rival', stage.rival.siteId)).length).toBe(2);
});
