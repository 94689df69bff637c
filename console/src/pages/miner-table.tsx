import { useMessages } from '../i18n/language.ts';
import { StatusWord } from '../parts/badges.tsx';
import { useFormat } from '../parts/format.ts';
import { ListTable } from '../parts/list-table.tsx';
import { RouteLink } from '../parts/route-link.tsx';
import type { LiveMiner } from './live-fleet.ts';

/** Every miner with its latest figures. */
export const MinerTable = ({ miners }: { miners: readonly LiveMiner[] }) => {
  const { overview: texts, common, state } = useMessages();
  const { number } = useFormat();
  return (
    <ListTable
      title={texts.miners}
      items={miners}
      idOf={(one) => one.minerId}
      pageSize={50}
      textOf={(one) => `${one.minerId} ${one.zoneId} ${one.model} ${state[one.state]}`}
      filterHint={texts.findMiner}
      columns={[
        {
          id: 'miner',
          header: common.miner,
          sortingField: 'minerId',
          minWidth: 110,
          cell: (one) => (
            <RouteLink href={`/miners/${encodeURIComponent(one.minerId)}`}>{one.minerId}</RouteLink>
          ),
        },
        {
          id: 'zone',
          header: common.zone,
          cell: (one) => one.zoneId || texts.noZone,
          sortingField: 'zoneId',
        },
        { id: 'model', header: common.model, cell: (one) => one.model || '–', sortingField: 'model' },
        {
          id: 'state',
          header: common.state,
          minWidth: 120,
          cell: (one) => <StatusWord status={one.state} />,
          sortingField: 'state',
        },
        {
          id: 'hashrate',
          header: texts.hashrateShort,
          sortingField: 'hashrateGhs',
          cell: (one) => number(one.hashrateGhs === null ? null : one.hashrateGhs / 1_000, 1, 'TH/s'),
        },
        {
          id: 'power',
          header: texts.power,
          cell: (one) => number(one.powerW, 0, 'W'),
          sortingField: 'powerW',
        },
        {
          id: 'efficiency',
          header: texts.efficiency,
          cell: (one) => number(one.efficiencyJth, 1, 'J/TH'),
          sortingField: 'efficiencyJth',
        },
        {
          id: 'chip',
          header: texts.chipTemp,
          cell: (one) => number(one.chipTempC, 1),
          sortingField: 'chipTempC',
        },
        { id: 'fan', header: texts.fan, cell: (one) => number(one.fanRpmMin), sortingField: 'fanRpmMin' },
      ]}
    />
  );
};
