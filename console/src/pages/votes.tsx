import Box from '@cloudscape-design/components/box';
import type { Recommendation } from '../../../contracts/api-advisor.ts';
import { useMessages } from '../i18n/language.ts';
import { VoteList } from '../parts/vote-list.tsx';

/** Who has approved, and what is still missing. */
export const Votes = ({ recommendation: { approval, status } }: { recommendation: Recommendation }) => {
  const texts = useMessages().recommendations;
  return (
    <div>
      <Box variant="awsui-key-label">{texts.approval}</Box>
      <div data-testid="votes">
        {approval.approved_by_rule !== null
          ? texts.byRule(approval.approved_by_rule)
          : texts.votes(approval.votes.length, approval.votes_needed)}
      </div>
      {status === 'pending' && approval.missing_level && (
        <div>{texts.needsLevel(texts.levels[approval.missing_level])}</div>
      )}
      <VoteList votes={approval.votes} />
    </div>
  );
};
