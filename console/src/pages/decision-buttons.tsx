import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { ranks } from '../../../contracts/access.ts';
import type { Recommendation } from '../../../contracts/api-advisor.ts';
import { useSession } from '../api/queries.ts';
import { useMessages } from '../i18n/language.ts';
import type { Decision } from './decision-modal.tsx';

type ButtonsProps = {
  readonly recommendation: Recommendation;
  readonly onDecide: (decision: Decision) => void;
};

/** Approve and reject, for those who may and have not yet. The server decides in the end; this only spares a refusal. */
export const DecisionButtons = ({ recommendation, onDecide }: ButtonsProps) => {
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
      <Button
        variant="primary"
        disabled={hasVoted}
        {...(hasVoted && { disabledReason: texts.voted })}
        onClick={() => onDecide('approve')}
      >
        {texts.approve}
      </Button>
    </SpaceBetween>
  );
};
