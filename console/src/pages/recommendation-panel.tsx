import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Table from '@cloudscape-design/components/table';
import { useState } from 'react';
import { ranks } from '../../../contracts/access.ts';
import type { Recommendation } from '../../../contracts/api-advisor.ts';
import { useSession } from '../api/queries.ts';
import { useLanguage, useMessages } from '../i18n/language.ts';
import { RiskBadge, StatusWord } from '../parts/badges.tsx';
import { useFormat } from '../parts/format.ts';
import { type Decision, DecisionModal } from './decision-modal.tsx';

type PanelProps = { readonly recommendation: Recommendation | undefined; readonly onChanged: () => void };

/** One recommendation: why, what, how risky, who has approved, and the two buttons that decide. */
export const RecommendationPanel = ({ recommendation, onChanged }: PanelProps) => {
  const messages = useMessages();
  const texts = messages.recommendations;
  const { percent, time } = useFormat();
  const [decision, setDecision] = useState<Decision>();
  if (!recommendation)
    return (
      <Container>
        <Box color="text-body-secondary">{texts.select}</Box>
      </Container>
    );
  const { action, diagnosis, risk, execution, learning, rejection } = recommendation;
  return (
    <Container
      data-testid="recommendation"
      header={
        <Header variant="h2" actions={<Decisions recommendation={recommendation} onDecide={setDecision} />}>
          {messages.action[action.type]} · {action.target_ids.join(', ')}
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
        <Lines title={texts.evidence} lines={diagnosis.evidence} />
        <Factors recommendation={recommendation} />
        <Votes recommendation={recommendation} />
        {execution && <Lines title={texts.commands} lines={execution.command_ids} />}
        {rejection && <Lines title={texts.rejected} lines={[rejection.reason]} />}
        {(learning ?? recommendation.status_reason) && (
          <Lines
            title={texts.outcome}
            lines={learning?.evidence.length ? learning.evidence : [recommendation.status_reason ?? '']}
          />
        )}
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

const Decisions = ({
  recommendation,
  onDecide,
}: {
  recommendation: Recommendation;
  onDecide: (decision: Decision) => void;
}) => {
  const texts = useMessages().recommendations;
  const user = useSession().data?.user;
  if (recommendation.status !== 'pending' || !user) return null;
  if (ranks.indexOf(user.rank) < ranks.indexOf('operator'))
    return <Box color="text-body-secondary">{texts.noRight}</Box>;
  const hasVoted = recommendation.approval.votes.some((vote) => vote.user_id === user.id);
  return (
    <SpaceBetween direction="horizontal" size="xs" alignItems="center">
      {hasVoted && <Box color="text-status-success">{texts.voted}</Box>}
      <Button onClick={() => onDecide('reject')}>{texts.reject}</Button>
      <Button variant="primary" disabled={hasVoted} onClick={() => onDecide('approve')}>
        {texts.approve}
      </Button>
    </SpaceBetween>
  );
};

const Lines = ({ title, lines }: { title: string; lines: readonly string[] }) => (
  <div>
    <Box variant="awsui-key-label">{title}</Box>
    <ul>
      {lines.map((line) => (
        <li key={line}>{line}</li>
      ))}
    </ul>
  </div>
);

const Votes = ({ recommendation: { approval } }: { recommendation: Recommendation }) => {
  const texts = useMessages().recommendations;
  const { time } = useFormat();
  return (
    <div>
      <Box variant="awsui-key-label">{texts.approval}</Box>
      <div data-testid="votes">
        {approval.approved_by_rule !== null
          ? texts.byRule(approval.approved_by_rule)
          : texts.votes(approval.votes.length, approval.votes_needed)}
      </div>
      {approval.missing_level && <div>{texts.needsLevel(approval.missing_level)}</div>}
      <ul>
        {approval.votes.map((vote) => (
          <li key={vote.user_id}>
            {vote.name}, {time(vote.at)} {vote.reason && `· ${vote.reason}`}
          </li>
        ))}
      </ul>
    </div>
  );
};

const Factors = ({ recommendation: { risk } }: { recommendation: Recommendation }) => {
  const texts = useMessages().recommendations;
  const language = useLanguage();
  return (
    <Table
      variant="embedded"
      items={risk.factors}
      trackBy="factor"
      header={<Box variant="awsui-key-label">{texts.factors}</Box>}
      columnDefinitions={[
        {
          id: 'factor',
          header: texts.factor,
          cell: (one) => (language === 'zh' ? one.description_zh : one.description_en),
        },
        { id: 'value', header: texts.value, cell: (one) => one.value },
        { id: 'weight', header: texts.weight, cell: (one) => one.weight },
      ]}
    />
  );
};
