import Box from '@cloudscape-design/components/box';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import ProgressBar from '@cloudscape-design/components/progress-bar';
import SpaceBetween from '@cloudscape-design/components/space-between';
import type { BatchView } from '../../../contracts/api-control.ts';
import { useMessages } from '../i18n/language.ts';
import { RiskBadge, StatusWord } from '../parts/badges.tsx';
import { Figure } from '../parts/figure.tsx';
import { useFormat } from '../parts/format.ts';
import { VoteList } from '../parts/vote-list.tsx';
import { nameOf } from '../parts/who.ts';
import { BatchButtons } from './batch-buttons.tsx';

type PanelProps = { readonly batch: BatchView; readonly onChanged: () => void };

export const doneOf = ({ completed, failed, unknown, cancelled }: BatchView) =>
  completed + failed + unknown + cancelled;

/** How one batch goes, who asked and approved, and what can be done about it. */
export const BatchPanel = ({ batch, onChanged }: PanelProps) => {
  const messages = useMessages();
  const { batches: texts, command, recommendations } = messages;
  const { number, time } = useFormat();
  const { approval, ended_because: because } = batch;
  const words: Readonly<Record<string, string>> = texts.because;
  const kinds = ['completed', 'open', 'failed', 'unknown', 'cancelled', 'rolled_back'] as const;
  return (
    <Container
      data-testid="batch"
      header={
        <Header
          variant="h2"
          description={batch.reason}
          actions={<BatchButtons batch={batch} onChanged={onChanged} />}
        >
          {command[batch.command_type]} <RiskBadge level={batch.risk.tier} />
        </Header>
      }
    >
      <SpaceBetween size="m">
        <ProgressBar
          label={texts.progress}
          value={(100 * doneOf(batch)) / batch.miners}
          additionalInfo={`${texts.wave} ${texts.waveOf(batch.wave, batch.wave_sizes.length)}`}
          description={texts.progressOf(doneOf(batch), batch.miners)}
        />
        <dl className="figures">
          <Figure label={messages.common.status}>
            <StatusWord status={batch.status} />
          </Figure>
          {kinds.map((kind) => (
            <Figure key={kind} label={texts.counts[kind]}>
              {number(batch[kind])}
            </Figure>
          ))}
          <Figure label={texts.left}>{number(batch.miners - batch.made)}</Figure>
          <Figure label={texts.power}>{number(batch.power_kw, 0, 'kW')}</Figure>
        </dl>
        {because && (
          <Box>
            {texts.ended}: {words[because] ?? because}
          </Box>
        )}
        <div>
          <Box variant="awsui-key-label">{recommendations.approval}</Box>
          <div data-testid="votes">{recommendations.votes(approval.votes.length, approval.votes_needed)}</div>
          {batch.status === 'PENDING_APPROVAL' && approval.votes_needed > 0 && (
            <div>{recommendations.needsLevel(recommendations.levels[approval.rank_needed])}</div>
          )}
          <VoteList votes={approval.votes} />
        </div>
        <Box color="text-body-secondary">
          {texts.requestedBy}: {nameOf(messages, batch.requested_by)} · {texts.created}:{' '}
          {time(batch.created_at)} · {texts.expires}: {time(batch.expires_at)}
        </Box>
      </SpaceBetween>
    </Container>
  );
};
