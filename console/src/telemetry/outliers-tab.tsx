import { useMemo } from 'react';
import type { LiveAnswer } from '../../../contracts/api-telemetry.ts';
import { useLive } from '../api/queries.ts';
import { useSite } from '../app/site-context.ts';
import { useMessages } from '../i18n/language.ts';
import { toMiners } from '../pages/live-fleet.ts';
import { Fetched } from '../parts/fetched.tsx';
import { useFormat } from '../parts/format.ts';
import { ListTable } from '../parts/list-table.tsx';
import { RouteLink } from '../parts/route-link.tsx';
import { figureUnits } from './figures.ts';
import { farFrom, findOutliers, type Outlier } from './outliers.ts';

/** The miners farthest from their peers, each with the figure by which it stands out. */
export const Outliers = () => {
  const { site_id: siteId } = useSite();
  return <Fetched query={useLive(siteId)}>{(live) => <OutlierTable live={live} />}</Fetched>;
};

const OutlierTable = ({ live }: { live: LiveAnswer }) => {
  const { telemetry: texts, overview, common } = useMessages();
  const { number } = useFormat();
  const found = useMemo(() => findOutliers(toMiners(live)), [live]);
  const shown = ({ figure }: Outlier, value: number) =>
    figure === 'state' ? '–' : number(value, figureUnits[figure].digits, figureUnits[figure].unit);
  return (
    <ListTable
      title={texts.tabs.outliers}
      description={texts.outlierHint(number(farFrom, 1))}
      items={found}
      idOf={(one) => one.miner.minerId}
      pageSize={50}
      textOf={({ miner, figure }) =>
        `${miner.minerId} ${miner.zoneId} ${miner.model} ${texts.figures[figure]}`
      }
      filterHint={texts.findOutlier}
      empty={texts.noOutliers}
      sortBy={{ field: 'deviation', descending: true }}
      columns={[
        {
          id: 'miner',
          header: common.miner,
          minWidth: 110,
          isRowHeader: true,
          cell: ({ miner }) => (
            <RouteLink href={`/miners/${encodeURIComponent(miner.minerId)}`}>{miner.minerId}</RouteLink>
          ),
          sortingComparator: (a, b) =>
            a.miner.minerId.localeCompare(b.miner.minerId, 'en', { numeric: true }),
        },
        {
          id: 'figure',
          header: texts.figure,
          cell: ({ figure }) => texts.figures[figure],
          sortingField: 'figure',
        },
        { id: 'value', header: texts.value, cell: (one) => shown(one, one.value) },
        { id: 'median', header: texts.peersMedian, cell: (one) => shown(one, one.median) },
        {
          id: 'deviation',
          header: texts.deviation,
          minWidth: 170,
          cell: ({ deviation }) => <Deviation value={deviation} />,
          sortingComparator: (a, b) => Math.abs(a.deviation) - Math.abs(b.deviation),
        },
        {
          id: 'peers',
          header: texts.peers,
          cell: ({ peers, miner }) =>
            `${number(peers)} × ${miner.model || '–'}, ${miner.zoneId || overview.noZone}`,
        },
      ]}
    />
  );
};

const barEnd = 12;

/** How far from the peers, and to which side. */
const Deviation = ({ value }: { value: number }) => {
  const { number } = useFormat();
  const share = (50 * Math.min(barEnd, Math.abs(value))) / barEnd;
  return (
    <span className="deviation">
      <span className="bar" aria-hidden="true">
        <i
          className={value < 0 ? 'below' : 'above'}
          style={{
            inlineSize: `${share}%`,
            ...(value < 0 ? { insetInlineEnd: '50%' } : { insetInlineStart: '50%' }),
          }}
        />
      </span>
      {value > 0 ? '+' : '−'}
      {number(Math.abs(value), 1)} σ
    </span>
  );
};
