import Box from '@cloudscape-design/components/box';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import { minerAnswer } from '../../../contracts/api-miners.ts';
import { seriesAnswer } from '../../../contracts/api-telemetry.ts';
import { meaningOf } from '../../../contracts/error-codes/error-table.ts';
import { refreshMs, useGet } from '../api/queries.ts';
import { useSite } from '../app/site-context.ts';
import { useLanguage, useMessages } from '../i18n/language.ts';
import { Fetched } from '../parts/fetched.tsx';
import { latestCodes } from './latest-codes.ts';

/** The hour that began at least 15 minutes ago: a path that stays the same for an hour. */
const sinceHour = (nowMs: number) =>
  new Date(Math.floor((nowMs - 15 * 60_000) / 3_600_000) * 3_600_000).toISOString();
const refreshEveryMs = 6 * refreshMs.normal;

/** The error codes of a miner's newest reading, with what its firmware means by them. */
export const ErrorCodes = ({ minerId }: { minerId: string }) => {
  const { miner: texts } = useMessages();
  const language = useLanguage();
  const { site_id: siteId } = useSite();
  const id = encodeURIComponent(minerId);
  const registered = useGet(`/api/v1/sites/${siteId}/miners/${id}`, minerAnswer);
  const recent = useGet(
    `/api/v1/telemetry/series?site_id=${siteId}&miner_id=${id}&tier=raw&from=${sinceHour(Date.now())}`,
    seriesAnswer,
    refreshEveryMs,
    true,
  );
  const vendor = registered.data?.miner.vendor ?? '';
  return (
    <Container
      header={
        <Header variant="h2" description={texts.errorCodesHint}>
          {texts.errorCodes}
        </Header>
      }
    >
      <Fetched query={recent}>
        {(answer) => {
          const codes = latestCodes(answer);
          if (codes.length === 0) return <Box color="text-body-secondary">{texts.noErrorCodes}</Box>;
          return (
            <dl className="figures">
              {codes.map((code) => (
                <div key={code}>
                  <dt>{code}</dt>
                  <dd>{meaningOf(vendor, code)?.text[language] ?? texts.meaningUnknown}</dd>
                </div>
              ))}
            </dl>
          );
        }}
      </Fetched>
    </Container>
  );
};
