import { useState } from 'react';
import { minerSeriesAnswer } from '../../../contracts/api-telemetry-series.ts';
import { useSite } from '../app/site-context.ts';
import { useLanguage, useMessages } from '../i18n/language.ts';
import { Fetched } from '../parts/fetched.tsx';
import { useFormat } from '../parts/format.ts';
import { ListTable } from '../parts/list-table.tsx';
import { daysOf, type MinerDay } from './days.ts';
import { siteTime } from './site-time.ts';
import { useOverTime } from './use-over-time.ts';

const dayMs = 24 * 3_600_000;
const span = 30 * dayMs;

/** How a miner did day by day over the last 30 days. */
export const MinerDays = ({ minerId }: { minerId: string }) => {
  const { site_id: siteId } = useSite();
  // One range for as long as the page is open: days change slowly.
  const [nowMs] = useState(() => Math.floor(Date.now() / 60_000) * 60_000);
  const series = useOverTime(
    `/api/v1/telemetry/miners/${encodeURIComponent(minerId)}/series?site_id=${siteId}&resolution=day&stats=mean,min,max`,
    { fromMs: nowMs - span, toMs: nowMs },
    minerSeriesAnswer,
  );
  return (
    <Fetched query={series}>
      {({ answer }) => <DayTable days={daysOf(answer)} timeZone={answer.time_zone} />}
    </Fetched>
  );
};

const DayTable = ({ days, timeZone }: { days: readonly MinerDay[]; timeZone: string }) => {
  const { miner: texts, telemetry } = useMessages();
  const { number } = useFormat();
  const clock = siteTime(useLanguage(), timeZone);
  return (
    <ListTable
      title={texts.days}
      description={texts.daysHint}
      items={days}
      idOf={({ at }) => String(at)}
      textOf={({ at }) => clock.day(at)}
      pageSize={10}
      empty={telemetry.nothingHere}
      columns={[
        {
          id: 'day',
          header: texts.day,
          minWidth: 120,
          isRowHeader: true,
          cell: ({ at }) => <span className="nowrap">{clock.day(at)}</span>,
          sortingField: 'at',
        },
        {
          id: 'availability',
          header: texts.availability,
          cell: ({ availabilityPct }) => number(availabilityPct, 2, '%'),
          sortingField: 'availabilityPct',
        },
        {
          id: 'energy',
          header: texts.energy,
          cell: ({ energyKwh }) => number(energyKwh, 2, 'kWh'),
          sortingField: 'energyKwh',
        },
        {
          id: 'hashrate-hours',
          header: texts.hashrateHours,
          cell: ({ hashrateThHours }) => number(hashrateThHours, 1, 'TH/s·h'),
          sortingField: 'hashrateThHours',
        },
        {
          id: 'chip',
          header: texts.chipRange,
          cell: ({ chipLowC, chipHighC }) =>
            chipLowC === null || chipHighC === null
              ? '–'
              : `${telemetry.range(number(chipLowC, 1), number(chipHighC, 1))} °C`,
          sortingField: 'chipHighC',
        },
        {
          id: 'shares',
          header: `${texts.accepted} / ${texts.rejected} / ${texts.stale}`,
          cell: ({ accepted, rejected, stale }) =>
            [accepted, rejected, stale].map((one) => number(one)).join(' / '),
          sortingField: 'accepted',
        },
      ]}
    />
  );
};
