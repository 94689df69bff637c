import type { ActionType, urgencies } from '../../contracts/api-advisor.ts';
import type { Text } from '../../contracts/text.ts';
import { chipDegradation } from './causes/chip-degradation.ts';
import { cloggedFilter } from './causes/clogged-filter.ts';
import { deadFan } from './causes/dead-fan.ts';
import { hang } from './causes/hang.ts';
import { hashboardLost } from './causes/hashboard-lost.ts';
import { hotAisle } from './causes/hot-aisle.ts';
import { lowPowerMode } from './causes/low-power-mode.ts';
import { networkZone, singleOffline } from './causes/network-loss.ts';
import { poolTrouble } from './causes/pool-trouble.ts';
import { powerSupply } from './causes/power-supply.ts';
import { sensorFault } from './causes/sensor-fault.ts';
import { startingUp } from './causes/starting-up.ts';
import { thermalThrottling } from './causes/thermal-throttling.ts';
import type { Cause, CauseCode, DiagnosisInput, SuggestedAction, Symptoms } from './diagnosis-input.ts';
import { symptomsOf } from './symptoms.ts';

export const causes: readonly Cause[] = [
  deadFan,
  cloggedFilter,
  hotAisle,
  hashboardLost,
  chipDegradation,
  thermalThrottling,
  powerSupply,
  poolTrouble,
  networkZone,
  singleOffline,
  hang,
  lowPowerMode,
  sensorFault,
  startingUp,
];

/** A cause's name for people, by the code that events carry; an unknown code stands for itself. */
export const nameOfCause = (code: string): Text =>
  causes.find((cause) => cause.code === code)?.name ?? { en: code, zh: code };

/** Below this the system says that it cannot tell, and proposes nothing but a look by a person. */
export const leastConfidence = 0.6;
const certainty = { least: 0.02, most: 0.97 };
/** A hypothesis without a single sign for it is not worth a person's time. */
const maxHypotheses = 3;

export type Urgency = (typeof urgencies)[number];
export type Hypothesis = {
  readonly rank: number;
  readonly code: CauseCode;
  readonly cause: Text;
  readonly confidence: number;
  readonly evidence: readonly Text[];
  readonly action: SuggestedAction;
};
export type Diagnosis = {
  readonly hypotheses: readonly Hypothesis[];
  readonly canTell: boolean;
  readonly summary: Text;
  readonly urgency: Urgency;
};

/**
 * Three ranked hypotheses for one miner's alert, from the explicit rule base under causes/. A cause's confidence is its
 * prior for this kind of alert, plus the weights of the signs that hold, minus those that speak against it, kept
 * between 0.02 and 0.97 (docs/diagnosis.md). Pure; the same input gives the same answer.
 */
export const diagnose = (input: DiagnosisInput): Diagnosis => {
  const symptoms = symptomsOf(input);
  const hypotheses = causes
    .flatMap((cause) => weigh(cause, symptoms) ?? [])
    .toSorted((a, b) => b.confidence - a.confidence)
    .slice(0, maxHypotheses)
    .map((one, index) => ({ rank: index + 1, ...one }));
  return conclude(input.kind, hypotheses);
};

/** The one diagnosis of several miners with the same alert: each cause's mean confidence, evidence of the clearest case. */
export const diagnoseTogether = (inputs: readonly DiagnosisInput[]): Diagnosis => {
  const first = inputs[0];
  if (!first) throw new RangeError('a diagnosis needs at least one miner');
  const each = inputs.map((input) => {
    const symptoms = symptomsOf(input);
    return new Map(causes.map((cause) => [cause.code, weigh(cause, symptoms)]));
  });
  const merged = causes
    .flatMap((cause) => {
      const found = each.flatMap((one) => one.get(cause.code) ?? []);
      const clearest = found.toSorted((a, b) => b.confidence - a.confidence)[0];
      if (!clearest) return [];
      const confidence = found.reduce((sum, one) => sum + one.confidence, 0) / inputs.length;
      return [{ ...clearest, confidence: round(confidence) }];
    })
    .toSorted((a, b) => b.confidence - a.confidence)
    .slice(0, maxHypotheses)
    .map((one, index) => ({ ...one, rank: index + 1 }));
  return conclude(first.kind, merged);
};

const weigh = (cause: Cause, symptoms: Symptoms): Omit<Hypothesis, 'rank'> | undefined => {
  const prior = cause.prior[symptoms.input.kind];
  if (prior === undefined) return undefined;
  const signs = cause.signs(symptoms);
  const held = signs.filter(({ holds }) => holds === true);
  if (held.length === 0) return undefined;
  const sum = signs.reduce(
    (total, { holds, weight, against = 0 }) =>
      total + (holds === true ? weight : holds === false ? -against : 0),
    prior,
  );
  return {
    code: cause.code,
    cause: cause.name,
    confidence: round(Math.min(certainty.most, Math.max(certainty.least, sum))),
    evidence: held.toSorted((a, b) => b.weight - a.weight).map(({ evidence }) => evidence),
    action: cause.action(symptoms),
  };
};

const round = (value: number) => Math.round(value * 100) / 100;

const urgencyOfAction: Partial<Record<ActionType, Urgency>> = {
  power_off: 'critical',
  curtail: 'high',
  reboot: 'medium',
  alert_only: 'low',
};

const conclude = (kind: DiagnosisInput['kind'], hypotheses: readonly Hypothesis[]): Diagnosis => {
  const best = hypotheses[0];
  const canTell = best !== undefined && best.confidence >= leastConfidence;
  if (!best || !canTell) {
    const confidence = Math.round((best?.confidence ?? 0) * 100);
    return {
      hypotheses,
      canTell: false,
      summary: {
        en: `The readings do not tell the cause${best ? ` (the best guess, ${best.cause.en.toLowerCase()}, reaches only ${confidence}%)` : ''}: a person has to look`,
        zh: `现有读数无法判断原因${best ? `（最可能的“${best.cause.zh}”置信度仅 ${confidence}%）` : ''}，需人工检查`,
      },
      urgency: kind === 'overheating' || kind === 'fan_failure' ? 'high' : 'medium',
    };
  }
  return {
    hypotheses,
    canTell: true,
    summary: { en: `Most likely cause: ${best.cause.en}`, zh: `最可能原因：${best.cause.zh}` },
    urgency:
      urgencyOfAction[best.action.type] ?? (kind === 'overheating' || kind === 'offline' ? 'high' : 'medium'),
  };
};

/** What stands in a recommendation where the system cannot tell. */
export const manualReview: SuggestedAction = {
  type: 'manual_review',
  description: { en: 'Have a person look at the miner', zh: '请人工检查该矿机' },
};

/** The synonyms of `alert_type` that callers of `001` §4 use, by alert kind. */
const alertTypeNames: Readonly<Record<string, DiagnosisInput['kind']>> = {
  overheating: 'overheating',
  high_temperature: 'overheating',
  temperature: 'overheating',
  temperature_high: 'overheating',
  fan_failure: 'fan_failure',
  fan: 'fan_failure',
  hashrate_drop: 'hashrate_drop',
  hashrate: 'hashrate_drop',
  low_hashrate: 'hashrate_drop',
  power_anomaly: 'power_anomaly',
  power: 'power_anomaly',
  offline: 'offline',
};

export const alertKindOf = (alertType: string): DiagnosisInput['kind'] | undefined =>
  Object.hasOwn(alertTypeNames, alertType) ? alertTypeNames[alertType] : undefined;
