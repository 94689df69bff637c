import Box from '@cloudscape-design/components/box';
import type { Recommendation } from '../../../contracts/api-advisor.ts';
import { refreshMs, useCommands } from '../api/queries.ts';
import { useMessages } from '../i18n/language.ts';
import { StatusWord } from '../parts/badges.tsx';

/** The commands of a recommendation, each with its state. One that is no longer among the newest is named only. */
export const RecommendationCommands = ({ recommendation }: { recommendation: Recommendation }) => {
  const messages = useMessages();
  const commands = useCommands(recommendation.site_id, refreshMs.fast).data?.commands;
  const ids = recommendation.execution?.command_ids ?? [];
  return (
    <div data-testid="commands">
      <Box variant="awsui-key-label">{messages.recommendations.commands}</Box>
      <ul className="lines">
        {ids.map((id) => {
          const command = commands?.find(({ command_id }) => command_id === id);
          return (
            <li key={id}>
              {command ? (
                <>
                  {messages.command[command.command_type]} · {command.miner_id}{' '}
                  <StatusWord status={command.status} /> {command.failure?.detail ?? command.failure?.code}
                </>
              ) : (
                id
              )}
            </li>
          );
        })}
      </ul>
    </div>
  );
};
