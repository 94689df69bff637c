import Alert from '@cloudscape-design/components/alert';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import SpaceBetween from '@cloudscape-design/components/space-between';
import type { BatchPlan } from '../../../contracts/api-control.ts';
import { useLanguage, useMessages } from '../i18n/language.ts';
import { RiskBadge } from '../parts/badges.tsx';
import { useFormat } from '../parts/format.ts';
import { Lines } from '../parts/lines.tsx';

/** What a dry run found: what would happen, what it needs, and what stands in the way. */
export const PlanView = ({ plan }: { readonly plan: BatchPlan }) => {
  const { batches: texts, recommendations } = useMessages();
  const language = useLanguage();
  const { number } = useFormat();
  const { votes_needed: votes, rank_needed: rank } = plan.approval;
  return (
    <Container
      data-testid="plan"
      header={
        <Header variant="h3" actions={<RiskBadge level={plan.risk.tier} />}>
          {texts.plan}
        </Header>
      }
    >
      <SpaceBetween size="s">
        {plan.halted && <Alert type="warning">{texts.planHalted}</Alert>}
        {!plan.window_open && <Alert type="warning">{texts.planClosed}</Alert>}
        <ul className="lines">
          <li>{texts.planMiners(plan.miners, plan.gateways)}</li>
          <li>{number(plan.power_kw, 0, 'kW')}</li>
          <li>{texts.planWaves(plan.wave_sizes.join(', '))}</li>
          <li>{texts.planVotes(votes, recommendations.levels[rank])}</li>
          <li>{texts.planQuota(plan.quota_left.user, plan.quota_left.site)}</li>
        </ul>
        {plan.unsupported_count > 0 && (
          <Lines
            title={texts.planLeftOut(plan.unsupported_count)}
            lines={plan.unsupported.map((one) => (language === 'zh' ? one.reason_zh : one.reason_en))}
          />
        )}
      </SpaceBetween>
    </Container>
  );
};
