import Box from '@cloudscape-design/components/box';
import SpaceBetween from '@cloudscape-design/components/space-between';
import type { Loop, Recommendation } from '../../../contracts/api-advisor.ts';
import { alertAnswer } from '../../../contracts/api-alerting.ts';
import { useGet, useLoops } from '../api/queries.ts';
import { useLanguage, useMessages } from '../i18n/language.ts';
import { SeverityBadge, StatusWord } from '../parts/badges.tsx';
import { RouteLink } from '../parts/route-link.tsx';
import { nameOf } from '../parts/who.ts';
import { Timeline } from './timeline.tsx';

/** The alert or incident that a recommendation came from, with its loop's timeline; or who asked for it. */
export const RecommendationOrigin = ({ recommendation }: { recommendation: Recommendation }) => {
  const messages = useMessages();
  const loops = useLoops(recommendation.site_id);
  const loop = loops.data?.loops.find(({ loop_id }) => loop_id === recommendation.correlation_id);
  return (
    <div data-testid="origin">
      <Box variant="awsui-key-label">{messages.recommendations.raisedBy}</Box>
      {loop ? <Origin loop={loop} /> : nameOf(messages, recommendation.created_by)}
    </div>
  );
};

const Origin = ({ loop }: { loop: Loop }) => {
  const messages = useMessages();
  const language = useLanguage();
  const path = loop.alert_id && `/api/v1/alerts/${encodeURIComponent(loop.alert_id)}?site_id=${loop.site_id}`;
  const alert = useGet(path, alertAnswer).data?.alert;
  return (
    <SpaceBetween size="xs">
      <SpaceBetween direction="horizontal" size="xs" alignItems="center">
        <SeverityBadge severity={loop.severity} />
        <span>
          {messages.alertKind[loop.kind]} · {loop.zone_id}
        </span>
        <StatusWord status={loop.status} />
        <RouteLink href={`/loops/${encodeURIComponent(loop.loop_id)}`}>
          {messages.recommendations.openLoop}
        </RouteLink>
      </SpaceBetween>
      {alert && <div>{alert.reason[language]}</div>}
      <Timeline loop={loop} />
    </SpaceBetween>
  );
};
