import Box from '@cloudscape-design/components/box';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useState } from 'react';
import type { Recommendation } from '../../../contracts/api-advisor.ts';
import { useMessages } from '../i18n/language.ts';
import { RiskBadge, StatusWord } from '../parts/badges.tsx';
import { useFormat } from '../parts/format.ts';
import { Lines } from '../parts/lines.tsx';
import { nameOf } from '../parts/who.ts';
import { DecisionButtons } from './decision-buttons.tsx';
import { type Decision, DecisionModal } from './decision-modal.tsx';
import { RecommendationCommands } from './recommendation-commands.tsx';
import { RecommendationOrigin } from './recommendation-origin.tsx';
import { RiskFactors } from './risk-factors.tsx';
import { Votes } from './votes.tsx';

type PanelProps = { readonly recommendation: Recommendation; readonly onChanged: () => void };

/** One recommendation: why, what, how risky, who has approved, what came of it, and the two buttons that decide. */
export const RecommendationPanel = ({ recommendation, onChanged }: PanelProps) => {
  const messages = useMessages();
  const texts = messages.recommendations;
  const { percent, time } = useFormat();
  const [decision, setDecision] = useState<Decision>();
  const { action, diagnosis, risk, execution } = recommendation;
  const targets = action.target_ids.slice(0, 5).join(', ');
  return (
    <Container
      data-testid="recommendation"
      header={
        <Header
          variant="h2"
          {...(action.description && { description: action.description })}
          actions={<DecisionButtons recommendation={recommendation} onDecide={setDecision} />}
        >
          {messages.action[action.type]} · {targets}
          {action.target_ids.length > 5 && ' …'}
        </Header>
      }
    >
      <SpaceBetween size="l">
        <KeyValuePairs
          columns={3}
          items={[
            { label: messages.common.status, value: <StatusWord status={recommendation.status} /> },
            { label: texts.risk, value: <RiskBadge level={risk.level} /> },
            { label: texts.score, value: `${risk.score.toFixed(2)} (${risk.profile})` },
            { label: texts.cause, value: `${diagnosis.root_cause} (${percent(diagnosis.confidence)})` },
            { label: texts.created, value: time(recommendation.created_at) },
            { label: texts.expires, value: time(recommendation.expires_at) },
          ]}
        />
        <RecommendationOrigin recommendation={recommendation} />
        <Lines title={texts.evidence} lines={diagnosis.evidence} />
        <RiskFactors factors={risk.factors} />
        <Votes recommendation={recommendation} />
        {execution && <RecommendationCommands recommendation={recommendation} />}
        <Outcome recommendation={recommendation} />
      </SpaceBetween>
      {decision && (
        <DecisionModal
          decision={decision}
          recommendationId={recommendation.id}
          onClose={() => setDecision(undefined)}
          onDone={() => {
            setDecision(undefined);
            onChanged();
          }}
        />
      )}
    </Container>
  );
};

/** How it ended, or why it never ran. */
const Outcome = ({ recommendation: one }: { recommendation: Recommendation }) => {
  const messages = useMessages();
  const texts = messages.recommendations;
  const { time } = useFormat();
  const reasons: Record<string, string> = messages.statusReason;
  const lines = [
    ...(one.status_reason ? [reasons[one.status_reason] ?? one.status_reason] : []),
    ...(one.learning?.evidence ?? []),
    ...(one.rejection
      ? [
          texts.rejectedBy(
            nameOf(messages, `user:${one.rejection.rejected_by}`),
            time(one.rejection.rejected_at),
          ),
          `${texts.why}: ${one.rejection.reason}`,
        ]
      : []),
  ];
  if (lines.length === 0) return null;
  return (
    <Box data-testid="outcome">
      <Lines title={texts.outcome} lines={lines} />
    </Box>
  );
};
