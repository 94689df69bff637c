import type { FieldSeries, MinerSeriesAnswer } from '../../../contracts/api-telemetry-series.ts';
import type { Messages } from '../i18n/en.ts';
import {
  along,
  extremesOf,
  type Figures,
  instantsOf,
  perMinute,
  risePerMinute,
  riseSince,
  runningSum,
} from './chart-data.ts';
import type { Line } from './chart-options.ts';
import type { Chart, Charts } from './charts-panel.tsx';

const numbers = (name: (number: number) => string, count: number) =>
  Array.from({ length: count }, (_, at) => name(at + 1));

/** What a miner's page asks for. */
export const minerFields = [
  'hashrate_ths',
  'expected_hashrate_ths',
  'power_w',
  'chip_temp_c',
  'inlet_temp_c',
  ...numbers((board) => `board${board}_hashrate_ths`, 3),
  ...numbers((board) => `board${board}_chip_temp_c`, 3),
  ...numbers((fan) => `fan${fan}_rpm`, 4),
  'accepted_shares',
  'rejected_shares',
  'stale_shares',
] as const;

type Counter = 'accepted_shares' | 'rejected_shares' | 'stale_shares';
/** Over how long the rate of raw shares is taken. */
const overMs = 10 * 60_000;
const dayMs = 24 * 3_600_000;
const central = ({ value, mean }: FieldSeries): Figures | undefined => value ?? mean;

/** A miner's course as charts; what it never says has no line, and a chart without lines is left out. */
export const minerCharts = (answer: MinerSeriesAnswer, { miner: texts }: Pick<Messages, 'miner'>): Charts => {
  const instants = instantsOf(answer.at, answer.step_ms);
  const line = (name: string, label: string, colour: number, more: Partial<Line> = {}): Line[] => {
    const field = answer.fields[name];
    const values = field && central(field);
    if (!values || !extremesOf(values)) return [];
    const { min, max } = field;
    const band = min && max && { low: along(instants, min), high: along(instants, max) };
    return [{ label, values: along(instants, values), colour, ...band, ...more }];
  };
  const plain = (name: string, label: string, colour: number): Line[] =>
    line(name, label, colour).map(({ label, values, colour }) => ({ label, values, colour }));
  const shares = (name: Counter, label: string, colour: number, isSum: boolean): Line[] => {
    const { value, increase = answer.days?.[name] } = answer.fields[name] ?? {};
    const stepMs = answer.step_ms ?? dayMs;
    const rises = increase
      ? isSum
        ? runningSum(increase)
        : perMinute(increase, stepMs)
      : value && (isSum ? riseSince(value) : risePerMinute(answer.at, value, answer.step_ms, overMs));
    return rises && extremesOf(rises) ? [{ label, values: along(instants, rises), colour }] : [];
  };
  const charts: Chart[] = [
    {
      id: 'hashrate',
      title: texts.hashrate,
      unit: 'TH/s',
      digits: 2,
      lines: [
        ...line('hashrate_ths', texts.measured, 0),
        ...plain('expected_hashrate_ths', texts.expected, 7).map((one) => ({ ...one, dashed: true })),
      ],
    },
    { id: 'power', title: texts.power, unit: 'W', digits: 1, lines: line('power_w', texts.power, 5) },
    {
      id: 'temperatures',
      title: texts.temperatures,
      unit: '°C',
      digits: 1,
      lines: [...line('chip_temp_c', texts.chip, 1), ...line('inlet_temp_c', texts.inlet, 6)],
    },
    {
      id: 'boards',
      title: texts.boards,
      unit: '°C',
      digits: 1,
      lines: [1, 2, 3].flatMap((at) => plain(`board${at}_chip_temp_c`, texts.board(at), at - 1)),
    },
    {
      id: 'board-hashrates',
      title: texts.boardHashrates,
      unit: 'TH/s',
      digits: 2,
      lines: [1, 2, 3].flatMap((at) => plain(`board${at}_hashrate_ths`, texts.board(at), at - 1)),
    },
    {
      id: 'fans',
      title: texts.fans,
      unit: 'rpm',
      digits: 0,
      lines: [1, 2, 3, 4].flatMap((at) => plain(`fan${at}_rpm`, texts.fan(at), at - 1)),
    },
    {
      id: 'shares',
      title: texts.shares,
      unit: texts.perMinute,
      digits: 2,
      lines: shares('accepted_shares', texts.accepted, 2, false),
    },
    {
      id: 'bad-shares',
      title: texts.badShares,
      unit: texts.sinceStart,
      digits: 0,
      lines: [
        ...shares('rejected_shares', texts.rejected, 1, true),
        ...shares('stale_shares', texts.stale, 3, true),
      ],
    },
  ];
  return { times: instants.times, charts: charts.filter(({ lines }) => lines.length > 0) };
};
