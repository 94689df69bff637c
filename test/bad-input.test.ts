import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accessTests } from './bad-input/api-access.ts';
import { sessionTests } from './bad-input/api-session.ts';
import { tenantTests } from './bad-input/api-tenants.ts';
import { validationTests } from './bad-input/api-validation.ts';
import { peoplesState } from './bad-input/everything.ts';
import { type Stage, setStage } from './support/bad-input-stage.ts';

let stage: Stage;
const stageOf = () => stage;
beforeAll(async () => {
  const t = Date.now();
  stage = await setStage();
  console.log('stage', Date.now() - t);
});
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
