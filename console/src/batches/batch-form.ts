import type { Selection } from '../../../contracts/api-control.ts';
import { commandTiers, type MinerOrderType } from '../../../contracts/command.ts';
import type { PowerMode } from '../../../contracts/reading.ts';

export const scopes = ['all', 'zones', 'models', 'miners'] as const;
export type Scope = (typeof scopes)[number];

/** New pools ask for passwords, which are given with the API alone. */
export type BatchOrder = Exclude<MinerOrderType, 'POOL_SET'>;
const isBatchOrder = (type: MinerOrderType): type is BatchOrder => type !== 'POOL_SET';
export const batchOrders = (Object.keys(commandTiers) as MinerOrderType[]).filter(isBatchOrder);

/** A batch as it stands in the form. */
export type BatchDraft = {
  readonly type: BatchOrder;
  readonly mode: PowerMode;
  /** Watts, percent or megahertz, as the order has it. */
  readonly figure: string;
  readonly isOn: boolean;
  readonly scope: Scope;
  /** Zones, models or miners. */
  readonly chosen: readonly string[];
  readonly reason: string;
};

export const emptyDraft: BatchDraft = {
  type: 'HASHING_ENABLE',
  mode: 'normal',
  figure: '',
  isOn: true,
  scope: 'zones',
  chosen: [],
  reason: '',
};

/** What a number of an order may be (contracts/command.ts). */
export const figureLimits = {
  POWER_LIMIT: { least: 100, most: 20_000, isWhole: true },
  SET_FAN: { least: 10, most: 100, isWhole: true },
  FREQUENCY_SET: { least: 50, most: 1_500, isWhole: false },
} as const;
type WithFigure = keyof typeof figureLimits;
export const hasFigure = (type: BatchOrder): type is WithFigure => type in figureLimits;

export const isFigure = (type: BatchOrder, text: string): boolean => {
  if (!hasFigure(type)) return true;
  const { least, most, isWhole } = figureLimits[type];
  const value = text.trim() === '' ? Number.NaN : Number(text);
  return value >= least && value <= most && (!isWhole || Number.isInteger(value));
};
export const isReason = (text: string) => text.trim() !== '';

const paramsOf = ({ type, mode, figure, isOn }: BatchDraft): Readonly<Record<string, unknown>> => {
  switch (type) {
    case 'POWER_MODE':
      return { mode };
    case 'POWER_LIMIT':
      return { limit_w: Number(figure) };
    case 'SET_FAN':
      return { duty_pct: Number(figure) };
    case 'FREQUENCY_SET':
      return { frequency_mhz: Number(figure) };
    case 'LED':
      return { on: isOn };
    case 'MINER_RESTART':
    case 'HASHING_DISABLE':
    case 'HASHING_ENABLE':
      return {};
  }
};

const selectionOf = ({ scope, chosen }: BatchDraft): Selection => {
  switch (scope) {
    case 'all':
      return { all: true };
    case 'zones':
      return { zone_ids: [...chosen] };
    case 'models':
      return { models: [...chosen] };
    case 'miners':
      return { miner_ids: [...chosen] };
  }
};

/** The body of the request; undefined where a field is not as it must be. */
export const bodyOf = (draft: BatchDraft, siteId: number) => {
  const isGood =
    isFigure(draft.type, draft.figure) &&
    isReason(draft.reason) &&
    (draft.scope === 'all' || draft.chosen.length > 0);
  if (!isGood) return undefined;
  return {
    site_id: siteId,
    command_type: draft.type,
    params: paramsOf(draft),
    selection: selectionOf(draft),
    reason: draft.reason.trim(),
  };
};
