import { isDeepStrictEqual } from 'node:util';
import type { GatewayConfig } from '../config.ts';

/** Who the gateway is: another site or gateway has another state directory and other keys. */
const fixed = new Set(['siteId', 'gatewayId']);
/** Taken by the running agent at its next sweep. */
const live = new Set([
  'pollIntervalMs',
  'limits.sweepMs',
  'limits.spreadPct',
  'limits.fullReadEverySweeps',
  'limits.maxBackoffMs',
]);
/** Taken by the local page's server alone. */
const page = new Set(['local']);

export type Change = {
  /** Names of what differs: `miners`, `limits.sockets`. Never a value. */
  readonly fields: readonly string[];
  /** Of these, what cannot change while the process runs. */
  readonly refused: readonly string[];
  readonly restartsAgent: boolean;
  readonly restartsPage: boolean;
};

const differing = (before: object, after: object, path = ''): string[] => {
  const [a, b] = [new Map(Object.entries(before)), new Map(Object.entries(after))];
  return [...new Set([...a.keys(), ...b.keys()])]
    .filter((name) => !isDeepStrictEqual(a.get(name), b.get(name)))
    .map((name) => `${path}${name}`);
};

/** What has to happen for a running gateway to follow its new configuration. */
export const planChange = (before: GatewayConfig, after: GatewayConfig): Change => {
  const fields = [
    ...differing(before, after).filter((name) => name !== 'limits'),
    ...differing(before.limits, after.limits, 'limits.'),
  ];
  return {
    fields,
    refused: fields.filter((name) => fixed.has(name)),
    restartsAgent: fields.some((name) => !live.has(name) && !page.has(name)),
    restartsPage: fields.some((name) => page.has(name)),
  };
};
