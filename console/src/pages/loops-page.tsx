import Box from '@cloudscape-design/components/box';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import Link from '@cloudscape-design/components/link';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useNavigate } from 'react-router';
import { type Loop, loopSteps } from '../../../contracts/api-advisor.ts';
import { useLoops } from '../api/queries.ts';
import { useSite } from '../app/site-context.ts';
import { useLanguage, useMessages } from '../i18n/language.ts';
import { SeverityBadge, StatusWord } from '../parts/badges.tsx';
import { Fetched } from '../parts/fetched.tsx';
import { span, useFormat } from '../parts/format.ts';

/** Every loop of the site, newest first, each with its steps as they happen. */
export const LoopsPage = () => {
  const { loops: texts, common } = useMessages();
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
            loops.map((loop) => <LoopCard key={loop.loop_id} loop={loop} />)
          )
        }
      </Fetched>
    </SpaceBetween>
  );
};

const LoopCard = ({ loop }: { loop: Loop }) => {
  const messages = useMessages();
  const { time } = useFormat();
  const navigate = useNavigate();
  const { recommendation_id: recommendationId } = loop;
  const href = `/recommendations/${recommendationId}`;
  return (
    <Container
      data-testid={`loop-${loop.loop_id}`}
      header={
        <Header
          variant="h2"
          description={`${loop.zone_id} · ${loop.miner_ids.slice(0, 6).join(', ')}${loop.miner_ids.length > 6 ? ' …' : ''} · ${time(loop.batch_received_at)}`}
          actions={
            recommendationId && (
              <Link
                href={href}
                onFollow={(event) => {
                  event.preventDefault();
                  navigate(href);
                }}
              >
                {messages.loops.openRecommendation}
              </Link>
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

const unfinished = new Set(['running', 'awaiting_approval', 'executing']);

/** The ten steps of a loop: when each was reached, counted from the batch's arrival, and what was found. */
export const Timeline = ({ loop }: { loop: Loop }) => {
  const messages = useMessages();
  const language = useLanguage();
  const start = Date.parse(loop.batch_received_at);
  const reached = new Map(loop.steps.map((step) => [step.step, step]));
  const next = unfinished.has(loop.status) ? loopSteps.find((step) => !reached.has(step)) : undefined;
  return (
    <ol className="timeline">
      {loopSteps.map((name) => {
        const step = reached.get(name);
        return (
          <li key={name} className={step ? 'done' : name === next ? 'next' : ''}>
            <b>{messages.step[name]}</b>
            {step ? (
              <>
                <span className="since">
                  {messages.loops.since(span(Math.max(0, Date.parse(step.at) - start)))}
                </span>
                <div>{step.note[language]}</div>
              </>
            ) : (
              name === next && messages.loops.waiting
            )}
          </li>
        );
      })}
    </ol>
  );
};
