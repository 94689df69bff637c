import type { LoopStatus, LoopStep } from '../../contracts/api-advisor.ts';
import type { DomainEvent } from '../../contracts/domain-event.ts';
import { eventPayloads } from '../../contracts/event-catalogue.ts';
import type { Text } from '../../contracts/text.ts';
import { parseDomainEvent } from '../shared/bus-message.ts';
import type { AdvisorStore } from './advisor-keys.ts';
import type { ChangeDeps } from './change-recommendation.ts';
import { nameOfCause } from './diagnose.ts';
import type { CommandSeen } from './execute-recommendation.ts';
import { followedEvents } from './followed-events.ts';
import { changeLoop, type LoopChange, recordLoop } from './loop-repository.ts';
import { isAdviceOnly } from './plan-action.ts';
import type { Recommendation } from './recommendation.ts';
import { readOpenForMiner, readRecommendation } from './recommendation-repository.ts';
import { loopStartOf } from './start-loop.ts';
import { handOver } from './supersede-loop.ts';
import { actionWords, commandWords, kindWords, partyWords, riskWords, verdictWords } from './words.ts';

export type FollowDeps = ChangeDeps & {
  readonly readCommand: (siteId: number, commandId: string) => Promise<CommandSeen | undefined>;
};

/** Adds one event to the timeline of its loop. Events may come twice and in any order; events of no loop are let go. */
export const followLoop =
  (deps: FollowDeps) =>
  async (busEvent: unknown): Promise<void> => {
    const { type, event } = parseDomainEvent(busEvent, ...followedEvents);
    const { payload } = event;
    const change = changeLoop(deps);
    const reached = (name: LoopStep, note: Text, at = event.created_at): LoopChange['step'] => ({
      name,
      at,
      note,
    });
    switch (type) {
      case 'alerting.alert.opened':
      case 'alerting.incident.opened': {
        const start = loopStartOf(busEvent);
        if (!start) return;
        await recordLoop(deps)(start);
        const many = start.minerIds.length;
        const note = {
          en: `${kindWords[start.kind].en}, ${start.severity}: ${many === 1 ? start.minerIds[0] : `${many} miners of ${start.zoneId}`}`,
          zh: `${kindWords[start.kind].zh}，${start.severity}：${many === 1 ? start.minerIds[0] : `${start.zoneId} 的 ${many} 台矿机`}`,
        };
        return change(start.loopId, { step: reached('detect', note) });
      }
      case 'alerting.incident.grown':
        return takeOverPending(deps, event, eventPayloads[type].parse(payload));
      case 'advisor.diagnosis.made': {
        const { alert_id, incident_id, cause, confidence, can_tell } = eventPayloads[type].parse(payload);
        const loopId = incident_id ?? alert_id;
        const pct = Math.round(confidence * 100);
        const name = nameOfCause(cause);
        const note = can_tell
          ? { en: `${name.en}, ${pct}% confidence`, zh: `${name.zh}，置信度 ${pct}%` }
          : {
              en: `Cannot tell (best guess: ${name.en}, ${pct}%)`,
              zh: `无法判断（最可能：${name.zh}，${pct}%）`,
            };
        return loopId ? change(loopId, { step: reached('diagnose', note), status: 'running' }) : undefined;
      }
      case 'control.command.proposed':
      case 'control.command.dispatched':
      case 'control.command.acknowledged':
        return followCommand(deps, event, type);
      default: {
        const { recommendation_id: id } = eventPayloads[type].parse(payload);
        const recommendation = await readRecommendation(deps)(id);
        if (!recommendation?.loopId) return;
        for (const one of changesOf(recommendation, type, event)) await change(recommendation.loopId, one);
      }
    }
  };

type RecommendationType = Extract<
  (typeof followedEvents)[number],
  `advisor.recommendation.${string}` | 'advisor.feedback.recorded'
>;

const changesOf = (
  recommendation: Recommendation,
  type: RecommendationType,
  { created_at: at, payload }: DomainEvent,
): LoopChange[] => {
  const { id, action, risk, draftedAtMs, loopId: _ } = recommendation;
  const step = (name: LoopStep, en: string, zh: string, when = at) => ({ name, at: when, note: { en, zh } });
  switch (type) {
    case 'advisor.recommendation.created': {
      const count = action.targetIds.length;
      const score = risk.score.toFixed(2);
      return [
        {
          step: step(
            'recommend',
            `${actionWords[action.type].en}: ${count} miner${count === 1 ? '' : 's'}`,
            `${actionWords[action.type].zh}：${count} 台矿机`,
            new Date(draftedAtMs).toISOString(),
          ),
          recommendationId: id,
        },
        {
          step: step(
            'assess',
            `Risk ${risk.level}, score ${score}`,
            `风险${riskWords[risk.level].zh}，评分 ${score}`,
          ),
          status: isAdviceOnly(action.type) ? 'manual_review' : 'awaiting_approval',
        },
      ];
    }
    case 'advisor.recommendation.approved': {
      const by = eventPayloads[type].parse(payload).approvers.map(partyWords);
      return [
        {
          step: step(
            'approve',
            `By ${by.map(({ en }) => en).join(' and ')}`,
            `审批：${by.map(({ zh }) => zh).join('、')}`,
          ),
          ...(!isAdviceOnly(action.type) && { status: 'executing' as const }),
        },
      ];
    }
    case 'advisor.recommendation.rejected': {
      const { reason } = eventPayloads[type].parse(payload);
      return [{ step: step('audit', `Rejected: ${reason}`, `已拒绝：${reason}`), status: 'rejected' }];
    }
    case 'advisor.recommendation.expired': {
      const { reason } = eventPayloads[type].parse(payload);
      return [
        {
          step: step('audit', `Expired: ${reason}`, `已过期：${reason}`),
          status: reason === 'superseded' ? 'covered' : 'expired',
        },
      ];
    }
    case 'advisor.recommendation.executing':
      return [{ status: 'executing' }];
    case 'advisor.recommendation.verified': {
      const { verdict } = eventPayloads[type].parse(payload);
      const said = recommendation.learning?.evidence[0];
      return [
        {
          step: step(
            'verify',
            `${verdictWords(verdict).en}${said ? `: ${said.en}` : ''}`,
            `${verdictWords(verdict).zh}${said ? `：${said.zh}` : ''}`,
          ),
        },
      ];
    }
    case 'advisor.recommendation.completed':
      return [{ step: step('audit', 'Completed and recorded', '已完成并记录'), status: 'effective' }];
    case 'advisor.recommendation.failed': {
      const { reason } = eventPayloads[type].parse(payload);
      return [
        {
          step: step('audit', `Failed and recorded: ${reason}`, `失败并记录：${reason}`),
          status: failedStatus(reason),
        },
      ];
    }
    case 'advisor.feedback.recorded': {
      const { feedback_type, effectiveness_score } = eventPayloads[type].parse(payload);
      if (feedback_type === 'user_review') return [];
      const score = effectiveness_score === undefined ? '–' : effectiveness_score.toFixed(2);
      return [{ step: step('learn', `Effectiveness ${score}`, `有效性 ${score}`) }];
    }
  }
};

const failedStatus = (reason: string): LoopStatus =>
  ['no_effect', 'worse', 'inconclusive'].includes(reason) ? 'no_effect' : 'failed';

const followCommand = async (
  deps: FollowDeps,
  event: DomainEvent,
  type: 'control.command.proposed' | 'control.command.dispatched' | 'control.command.acknowledged',
) => {
  const { command_id: commandId } = eventPayloads[type].parse(event.payload);
  const command = await deps.readCommand(event.site_id, commandId);
  if (!command?.recommendationId) return;
  const recommendation = await readRecommendation(deps)(command.recommendationId);
  if (!recommendation?.loopId) return;
  const { minerId, order } = command;
  const word = commandWords[order.type];
  const notes: Record<typeof type, LoopChange['step']> = {
    'control.command.proposed': undefined,
    'control.command.dispatched': {
      name: 'dispatch',
      at: event.created_at,
      note: {
        en: `${word.en} signed and sent to ${minerId}`,
        zh: `${word.zh}已签名并下发至 ${minerId}`,
      },
    },
    'control.command.acknowledged': {
      name: 'acknowledge',
      at: event.created_at,
      note: {
        en: `${word.en} for ${minerId} accepted by the gateway`,
        zh: `网关已接受 ${minerId} 的${word.zh}`,
      },
    },
  };
  await changeLoop(deps)(recommendation.loopId, { commandId, step: notes[type] });
};

/** A grown incident names miners, not alerts: it takes over what is still pending for them. */
const takeOverPending = async (
  deps: ChangeDeps & AdvisorStore,
  { site_id: siteId }: DomainEvent,
  grown: { readonly incident_id: string; readonly miner_ids: readonly string[] },
) => {
  for (const minerId of grown.miner_ids) {
    const id = await readOpenForMiner(deps)(siteId, minerId);
    const open = id === undefined ? undefined : await readRecommendation(deps)(id);
    if (
      open?.status === 'pending' &&
      open.loopId &&
      open.loopId !== grown.incident_id &&
      open.action.targetIds.length === 1
    ) {
      await handOver(deps)(open.loopId, grown.incident_id);
    }
  }
};
