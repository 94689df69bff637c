import Box from '@cloudscape-design/components/box';
import Container from '@cloudscape-design/components/container';
import Grid from '@cloudscape-design/components/grid';
import { useNavigate, useParams } from 'react-router';
import { useRecommendations } from '../api/queries.ts';
import { useSite } from '../app/site-context.ts';
import { useMessages } from '../i18n/language.ts';
import { RiskBadge, StatusWord, useStatusWords } from '../parts/badges.tsx';
import { Fetched } from '../parts/fetched.tsx';
import { useFormat } from '../parts/format.ts';
import { ListTable } from '../parts/list-table.tsx';
import { usePageTitle } from '../parts/page-title.ts';
import { RecommendationPanel } from './recommendation-panel.tsx';

/** Recommendations of the site; the chosen one beside the list with its evidence, risk and votes. */
export const RecommendationsPage = () => {
  const messages = useMessages();
  const { recommendations: texts, common } = messages;
  const { time } = useFormat();
  const statusWord = useStatusWords();
  usePageTitle(texts.title);
  const { recommendationId } = useParams();
  const navigate = useNavigate();
  const query = useRecommendations(useSite().site_id);
  return (
    <Fetched query={query}>
      {({ recommendations }) => {
        const selected = recommendations.find(({ id }) => id === recommendationId);
        const hint = recommendationId ? texts.unknownOne : texts.select;
        return (
          <Grid gridDefinition={[{ colspan: { default: 12, s: 5 } }, { colspan: { default: 12, s: 7 } }]}>
            <ListTable
              title={texts.title}
              items={recommendations}
              isPage
              idOf={(one) => one.id}
              textOf={(one) =>
                `${messages.action[one.action.type]} ${one.action.target_ids.join(' ')} ${messages.risk[one.risk.level]} ${statusWord(one.status)}`
              }
              selected={selected}
              onSelect={({ id }) => navigate(`/recommendations/${id}`)}
              sortBy={{ field: 'created', descending: true }}
              columns={[
                {
                  id: 'created',
                  header: texts.created,
                  cell: (one) => time(one.created_at),
                  sortingField: 'created_at',
                },
                {
                  id: 'action',
                  header: texts.action,
                  cell: (one) => (
                    <>
                      {messages.action[one.action.type]}
                      <div className="nowrap">{one.action.target_ids.slice(0, 2).join(', ')}</div>
                    </>
                  ),
                },
                {
                  id: 'status',
                  header: `${common.status}, ${texts.risk}`,
                  cell: (one) => (
                    <>
                      <StatusWord status={one.status} />
                      <div>
                        <RiskBadge level={one.risk.level} />
                      </div>
                    </>
                  ),
                  sortingField: 'status',
                },
              ]}
            />
            {selected ? (
              <RecommendationPanel
                key={selected.id}
                recommendation={selected}
                onChanged={() => void query.refetch()}
              />
            ) : (
              <Container>
                <Box color="text-body-secondary">{hint}</Box>
              </Container>
            )}
          </Grid>
        );
      }}
    </Fetched>
  );
};
