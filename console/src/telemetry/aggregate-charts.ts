import type { AggregatesAnswer } from '../../../contracts/api-telemetry-series.ts';
import type { Messages } from '../i18n/en.ts';
import { mostLines } from './chart-colours.ts';
import { along, extremesOf, type Figures, type Instants, instantsOf } from './chart-data.ts';
import type { Line } from './chart-options.ts';
import type { Chart, Charts } from './charts-panel.tsx';

type Group = AggregatesAnswer['groups'][number];
type Step = { readonly unit: string; readonly times: number };
const hashrates: readonly Step[] = [
  { unit: 'TH/s', times: 1 },
  { unit: 'PH/s', times: 1e3 },
  { unit: 'EH/s', times: 1e6 },
];
const powers: readonly Step[] = [
  { unit: 'W', times: 1 },
  { unit: 'kW', times: 1e3 },
  { unit: 'MW', times: 1e6 },
];

/** The largest unit in which the greatest figure still has a whole digit or more. */
export const stepFor = (steps: readonly Step[], columns: readonly Figures[]): Step => {
  const most = Math.max(0, ...columns.map((column) => extremesOf(column)?.most ?? 0));
  return steps.findLast(({ times }) => most >= times) ?? steps[0] ?? { unit: '', times: 1 };
};

/** Groups by their names as people count, those without a name last; no more than can be told apart. */
export const shownGroups = (groups: readonly Group[]) =>
  groups
    .toSorted((a, b) =>
      a.key === '' || b.key === ''
        ? b.key.length - a.key.length
        : a.key.localeCompare(b.key, 'en', { numeric: true }),
    )
    .slice(0, mostLines);

/** A site's or its groups' course as charts: one line a group, or mean and extremes where there is only one. */
export const aggregateCharts = (
  answer: AggregatesAnswer,
  { telemetry: texts }: Pick<Messages, 'telemetry'>,
): Charts => {
  const instants = instantsOf(answer.at, answer.step_ms);
  const groups = shownGroups(answer.groups);
  const nameOf = ({ key }: Group) => (answer.by === 'site' ? texts.site : key || texts.noGroup);
  const lines = (column: (group: Group) => Figures, divisor = 1): Line[] =>
    groups.map((group, index) => ({
      label: nameOf(group),
      values: scaled(instants, column(group), divisor),
      colour: index,
    }));
  const [only] = groups.length === 1 ? groups : [];
  const sum = (id: 'hashrate_ths' | 'power_w', title: string, steps: readonly Step[]): Chart => {
    const { unit, times } = stepFor(
      steps,
      groups.map((group) => group[id]),
    );
    const expected: Line[] =
      id === 'hashrate_ths' && only && extremesOf(only.expected_hashrate_ths)
        ? [
            {
              label: texts.expected,
              values: scaled(instants, only.expected_hashrate_ths, times),
              colour: 7,
              dashed: true,
            },
          ]
        : [];
    return {
      id,
      title,
      unit,
      digits: times === 1 ? 1 : 2,
      lines: [...lines((group) => group[id], times), ...expected],
    };
  };
  const temperatures = (part: 'chip' | 'inlet', mean: string, hottest: string): Chart[] => {
    if (only)
      return [
        {
          id: part,
          title: mean,
          unit: '°C',
          digits: 1,
          lines: [
            { label: texts.mean, values: along(instants, only[`mean_${part}_temp_c`]), colour: 0 },
            { label: texts.hottest, values: along(instants, only[`max_${part}_temp_c`]), colour: 1 },
          ],
        },
      ];
    return [
      { id: part, title: mean, unit: '°C', digits: 1, lines: lines((group) => group[`mean_${part}_temp_c`]) },
      {
        id: `${part}-max`,
        title: hottest,
        unit: '°C',
        digits: 1,
        lines: lines((group) => group[`max_${part}_temp_c`]),
      },
    ];
  };
  return {
    times: instants.times,
    charts: [
      sum('hashrate_ths', texts.hashrate, hashrates),
      sum('power_w', texts.power, powers),
      {
        id: 'efficiency',
        title: texts.efficiency,
        unit: 'J/TH',
        digits: 1,
        lines: lines((group) => group.efficiency_jth),
      },
      {
        id: 'hashing',
        title: texts.hashing,
        unit: '%',
        digits: 1,
        lines: lines((group) => group.hashing_pct),
      },
      ...temperatures('chip', texts.chipTemp, texts.hottestChip),
      ...temperatures('inlet', texts.inletTemp, texts.hottestInlet),
    ],
  };
};

const scaled = (instants: Instants, column: Figures, divisor: number) =>
  along(instants, column).map((value) => (value === null ? null : value / divisor));
