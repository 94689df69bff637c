import { GetCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { actionTypes, urgencies } from '../../contracts/api-advisor.ts';
import { text } from '../../contracts/text.ts';
import { stateEvent } from '../audit/commit-with-audit.ts';
import { type AdvisorStore, advisorKeys } from './advisor-keys.ts';
import type { ChangeDeps } from './change-recommendation.ts';
import { theLoop } from './change-recommendation.ts';
import { type Diagnosis, diagnose, diagnoseTogether } from './diagnose.ts';
import type { DiagnosisInput } from './diagnosis-input.ts';
import { causeCodes } from './diagnosis-input.ts';
import { type GatherDeps, gatherSymptoms } from './gather-symptoms.ts';
import { json } from './json.ts';
import { type LoopStart, takeLoop } from './loop-repository.ts';
import { impactOn } from './site-view.ts';
import { handOver } from './supersede-loop.ts';

const storedDiagnosis = z.object({
  canTell: z.boolean(),
  summary: text,
  urgency: z.enum(urgencies),
  hypotheses: z.array(
    z.object({
      rank: z.int(),
      code: z.enum(causeCodes),
      cause: text,
      confidence: z.number(),
      evidence: z.array(text),
      action: z.object({ type: z.enum(actionTypes), params: json.optional(), description: text }),
    }),
  ),
  impact: z.object({ powerKw: z.number(), revenuePct: z.number() }),
  /** How much hashrate there is to regain on the miners, in per cent of their rating. */
  lostPct: z.number(),
});
export type LoopDiagnosis = z.infer<typeof storedDiagnosis>;

/** Of an incident with many miners so many are looked at; the others are of the same zone and kind. */
const sampled = 5;

export type DiagnoseLoopDeps = ChangeDeps & GatherDeps;

/**
 * The loop's first step: takes the loop (false: another execution has it), hands the alerts of an incident over, and
 * puts the diagnosis on record with `advisor.diagnosis.made`. Repeated by the same execution it changes nothing.
 */
export const diagnoseLoop =
  (deps: DiagnoseLoopDeps) =>
  async (
    start: LoopStart & { readonly alertIds: readonly string[] },
    execution: string,
  ): Promise<boolean> => {
    if (!(await takeLoop(deps)(start, execution))) return false;
    for (const alertId of start.alertIds) await handOver(deps)(alertId, start.loopId);
    const { siteId, tenantId, kind, minerIds, loopId } = start;
    const { inputs, live } = await gatherSymptoms(deps)(
      siteId,
      kind,
      minerIds.slice(0, sampled),
      minerIds.length,
    );
    const first = inputs[0];
    const found: Diagnosis = !first
      ? unknownMiner
      : inputs.length === 1
        ? diagnose(first)
        : diagnoseTogether(inputs);
    const best = found.hypotheses[0];
    const diagnosis = { ...found, impact: impactOn(live, minerIds), lostPct: lostShare(inputs) };
    await deps.commit(
      [
        {
          Put: {
            TableName: deps.advisorTable,
            Item: { ...advisorKeys.diagnosis(loopId), diagnosis },
            ConditionExpression: 'attribute_not_exists(pk)',
          },
        },
      ],
      [
        stateEvent({
          ...theLoop,
          tenant_id: tenantId,
          site_id: siteId,
          type: 'advisor.diagnosis.made',
          ref_type: start.incidentId ? 'incident' : 'alert',
          ref_id: loopId,
          payload: {
            diagnosis_id: `diagnosis-${loopId}`,
            ...(start.alertId && { alert_id: start.alertId }),
            ...(start.incidentId && { incident_id: start.incidentId }),
            cause: best?.code ?? 'unknown',
            confidence: best?.confidence ?? 0,
            can_tell: found.canTell,
          },
        }),
      ],
    );
    return true;
  };

const unknownMiner: Diagnosis = {
  hypotheses: [],
  canTell: false,
  summary: { en: 'The miner is not registered, so nothing is known of it', zh: '该矿机未登记，无法诊断' },
  urgency: 'medium',
};

const lostShare = (inputs: readonly DiagnosisInput[]) => {
  let lost = 0;
  let rated = 0;
  for (const { miner, recent } of inputs) {
    rated += miner.ratedHashrateThs;
    lost += Math.max(0, miner.ratedHashrateThs - (recent.at(-1)?.values.hashrateThs ?? 0));
  }
  return rated > 0 ? Math.round((lost / rated) * 100) : 0;
};

export const readDiagnosis =
  ({ db, advisorTable }: AdvisorStore) =>
  async (loopId: string): Promise<LoopDiagnosis | undefined> => {
    const { Item } = await db.send(
      new GetCommand({ TableName: advisorTable, Key: advisorKeys.diagnosis(loopId), ConsistentRead: true }),
    );
    return Item && storedDiagnosis.parse(Item.diagnosis);
  };
