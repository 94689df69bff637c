import Box from '@cloudscape-design/components/box';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useParams } from 'react-router';
import type { Loop } from '../../../contracts/api-advisor.ts';
import { useLoops } from '../api/queries.ts';
import { useSite } from '../app/site-context.ts';
import { useMessages } from '../i18n/language.ts';
import { SeverityBadge, StatusWord } from '../parts/badges.tsx';
import { Fetched } from '../parts/fetched.tsx';
import { useFormat } from '../parts/format.ts';
import { usePageTitle } from '../parts/page-title.ts';
import { RouteLink } from '../parts/route-link.tsx';
import { Timeline } from './timeline.tsx';

/** Every loop of the site, newest first, each with its steps as they happen. */
export const LoopsPage = () => {
  const { loops: texts, common } = useMessages();
  const { loopId } = useParams();
  usePageTitle(texts.title);
  const query = useLoops(useSite().site_id);
  return (
    <SpaceBetween size="l">
      <Header variant="h1" description={texts.hint}>
        {texts.title}
      </Header>
      <Fetched query={query}>
        {({ loops }) =>
          loops.length === 0 ? (
            <Box textAlign="center">{common.empty}</Box>
          ) : (
            <SpaceBetween size="l">
              {first(loops, loopId).map((loop) => (
                <LoopCard key={loop.loop_id} loop={loop} />
              ))}
            </SpaceBetween>
          )
        }
      </Fetched>
    </SpaceBetween>
  );
};

/** The asked one on top. */
const first = (loops: readonly Loop[], loopId: string | undefined) =>
  loops.toSorted((a, b) => Number(b.loop_id === loopId) - Number(a.loop_id === loopId));

const LoopCard = ({ loop }: { loop: Loop }) => {
  const messages = useMessages();
  const { time } = useFormat();
  const { recommendation_id: recommendationId } = loop;
  return (
    <Container
      data-testid={`loop-${loop.loop_id}`}
      header={
        <Header
          variant="h2"
          description={`${loop.zone_id} · ${loop.miner_ids.slice(0, 6).join(', ')}${loop.miner_ids.length > 6 ? ' …' : ''} · ${time(loop.batch_received_at)}`}
          actions={
            recommendationId && (
              <RouteLink href={`/recommendations/${recommendationId}`}>
                {messages.loops.openRecommendation}
              </RouteLink>
            )
          }
        >
          <SpaceBetween direction="horizontal" size="xs">
            <SeverityBadge severity={loop.severity} />
            {messages.alertKind[loop.kind]}
            <StatusWord status={loop.status} />
          </SpaceBetween>
        </Header>
      }
    >
      <Timeline loop={loop} />
    </Container>
  );
};
