import Box from '@cloudscape-design/components/box';
import StatusIndicator, { type StatusIndicatorProps } from '@cloudscape-design/components/status-indicator';
import Table from '@cloudscape-design/components/table';
import { type ExportView, exportsAnswer } from '../../../contracts/api-telemetry-export.ts';
import { refreshMs, useGet } from '../api/queries.ts';
import { useMessages } from '../i18n/language.ts';
import { Fetched } from '../parts/fetched.tsx';
import { useFormat } from '../parts/format.ts';
import { bytesText } from './bytes.ts';
import { DownloadButton } from './download-button.tsx';
import { useSiteClock } from './use-site-clock.ts';

export const exportsPath = (siteId: number) => `/api/v1/telemetry/exports?site_id=${siteId}`;

const signs: Record<ExportView['status'], StatusIndicatorProps.Type> = {
  queued: 'pending',
  running: 'in-progress',
  done: 'success',
  failed: 'error',
};

/** The site's exports, how far they are, and their files. */
export const ExportList = ({ siteId }: { siteId: number }) => (
  <Fetched query={useGet(exportsPath(siteId), exportsAnswer, refreshMs.fast)}>
    {({ exports }) => <Exports exports={exports} />}
  </Fetched>
);

const Exports = ({ exports }: { exports: readonly ExportView[] }) => {
  const { export: texts } = useMessages().telemetry;
  const clock = useSiteClock();
  const { number } = useFormat();
  return (
    <Table
      variant="embedded"
      contentDensity="compact"
      wrapLines
      items={exports.slice(0, 10)}
      trackBy="export_id"
      ariaLabels={{ tableLabel: texts.recent }}
      header={<Box variant="h3">{texts.recent}</Box>}
      empty={<Box color="text-body-secondary">{texts.none}</Box>}
      columnDefinitions={[
        {
          id: 'asked',
          header: texts.asked,
          minWidth: 90,
          cell: (one) => clock.minute(Date.parse(one.requested_at)),
        },
        {
          id: 'what',
          header: texts.what,
          minWidth: 210,
          cell: (one) => (
            <>
              {texts.tiers[one.tier]}, {texts.formats[one.format]}
              <div className="detail">{clock.between(Date.parse(one.from), Date.parse(one.to))}</div>
            </>
          ),
        },
        {
          id: 'status',
          header: texts.status,
          minWidth: 120,
          cell: (one) => (
            <>
              <StatusIndicator type={signs[one.status]}>{texts.statuses[one.status]}</StatusIndicator>
              {one.reason && <div className="detail">{one.reason}</div>}
            </>
          ),
        },
        {
          id: 'size',
          header: texts.rows,
          cell: (one) =>
            one.rows === undefined
              ? '–'
              : `${number(one.rows)}${one.bytes === undefined ? '' : `, ${bytesText(one.bytes, number)}`}`,
        },
        {
          id: 'file',
          header: texts.file,
          cell: (one) =>
            one.status === 'done' ? <DownloadButton siteId={one.site_id} exportId={one.export_id} /> : '–',
        },
      ]}
    />
  );
};
