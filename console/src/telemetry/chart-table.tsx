import Pagination from '@cloudscape-design/components/pagination';
import Table from '@cloudscape-design/components/table';
import { useState } from 'react';
import { useLanguage, useMessages } from '../i18n/language.ts';
import { useFormat } from '../parts/format.ts';
import type { Charts } from './charts-panel.tsx';
import { siteTime } from './site-time.ts';

const pageSize = 50;

/** All that the charts show, row by row, the newest first; instants of which nothing is known say so. */
export const ChartTable = ({ times, charts, timeZone }: Charts & { readonly timeZone: string }) => {
  const { telemetry: texts, common } = useMessages();
  const { exact } = useFormat();
  const clock = siteTime(useLanguage(), timeZone);
  const [page, setPage] = useState(1);
  const pages = Math.max(1, Math.ceil(times.length / pageSize));
  const shown = Math.min(page, pages);
  const last = times.length - 1 - (shown - 1) * pageSize;
  const rows = Array.from({ length: Math.min(pageSize, last + 1) }, (_, index) => last - index);
  const columns = charts.flatMap(({ id, title, unit, digits, lines }) =>
    lines.map((line) => ({
      id: `${id} ${line.label}`,
      header: `${line.label === title || lines.length === 1 ? title : `${title}: ${line.label}`}${unit && `, ${unit}`}`,
      minWidth: 110,
      cell: (row: number) => {
        const value = exact(line.values[row], digits);
        const [low, high] = [line.low?.[row] ?? null, line.high?.[row] ?? null];
        return low === null || high === null
          ? value
          : `${value} (${texts.range(exact(low, digits), exact(high, digits))})`;
      },
    })),
  );
  return (
    <Table
      variant="embedded"
      contentDensity="compact"
      stickyHeader
      resizableColumns={false}
      items={rows}
      trackBy={String}
      ariaLabels={{ tableLabel: texts.asTable }}
      empty={texts.nothingHere}
      columnDefinitions={[
        {
          id: 'time',
          header: `${common.time} (${timeZone})`,
          minWidth: 190,
          isRowHeader: true,
          cell: (row: number) => {
            const ms = (times[row] ?? 0) * 1_000;
            return (
              <time dateTime={new Date(ms).toISOString()} className="nowrap" title={clock.utc(ms)}>
                {clock.exact(ms)}
              </time>
            );
          },
        },
        ...columns,
      ]}
      pagination={
        pages > 1 && (
          <Pagination
            currentPageIndex={shown}
            pagesCount={pages}
            onChange={({ detail }) => setPage(detail.currentPageIndex)}
          />
        )
      }
    />
  );
};
