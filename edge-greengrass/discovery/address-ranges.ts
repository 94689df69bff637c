/** A run of IPv4 addresses as numbers, both ends included. */
export type AddressRun = { readonly first: number; readonly last: number };

/** Beyond this a scan is a mistake in the prefix rather than a site. */
export const mostAddresses = 1 << 20;

const fault = (text: string, why: string) => new RangeError(`range "${text}" ${why}`);

const octetsOf = (text: string): number[] | undefined => {
  if (!/^\d{1,3}(\.\d{1,3})*$/.test(text)) return undefined;
  const octets = text.split('.').map(Number);
  return octets.every((octet) => octet <= 255) ? octets : undefined;
};

/** The number of an IPv4 address in dotted form; undefined for anything else. */
export const addressNumber = (text: string): number | undefined => {
  const octets = octetsOf(text);
  return octets?.length === 4 ? octets.reduce((value, octet) => value * 256 + octet, 0) : undefined;
};

export const addressText = (value: number) =>
  [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.');

const subnet = (text: string, base: string, prefixText: string): AddressRun => {
  const address = addressNumber(base);
  const prefix = /^\d{1,2}$/.test(prefixText) ? Number(prefixText) : Number.NaN;
  if (address === undefined || !(prefix >= 0 && prefix <= 32)) throw fault(text, 'is not a subnet');
  const size = 2 ** (32 - prefix);
  const first = Math.floor(address / size) * size;
  // The network's own address and its broadcast address belong to no machine.
  return prefix <= 30 ? { first: first + 1, last: first + size - 2 } : { first, last: first + size - 1 };
};

/** `10.0.0.5-10.0.1.20`, or with only the octets that differ: `10.0.0.5-90`, `10.0.0.5-1.20`. */
const span = (text: string, from: string, to: string): AddressRun => {
  const begin = octetsOf(from);
  const end = octetsOf(to);
  if (begin?.length !== 4 || !end || end.length > 4) throw fault(text, 'is not a span of addresses');
  const whole = [...begin.slice(0, 4 - end.length), ...end].join('.');
  const [first = 0, last = 0] = [addressNumber(from), addressNumber(whole)];
  if (last < first) throw fault(text, 'ends before it begins');
  return { first, last };
};

const runOf = (text: string): AddressRun => {
  const [from = '', to, ...more] = text.split(/\s*-\s*/);
  if (more.length > 0) throw fault(text, 'is not a span of addresses');
  if (to !== undefined) return span(text, from, to);
  const [base = '', prefix, ...rest] = text.split('/');
  if (rest.length > 0) throw fault(text, 'is not a subnet');
  if (prefix !== undefined) return subnet(text, base, prefix);
  const one = addressNumber(text);
  if (one === undefined) throw fault(text, 'is not an address, a subnet or a span of addresses');
  return { first: one, last: one };
};

/** In order and without overlap. */
const merged = (runs: readonly AddressRun[]): AddressRun[] => {
  const result: AddressRun[] = [];
  for (const run of runs.toSorted((one, other) => one.first - other.first)) {
    const before = result.at(-1);
    if (before && run.first <= before.last + 1)
      result[result.length - 1] = { first: before.first, last: Math.max(before.last, run.last) };
    else result.push(run);
  }
  return result;
};

const without = (runs: readonly AddressRun[], excluded: readonly AddressRun[]): AddressRun[] =>
  excluded.reduce<AddressRun[]>(
    (left, { first, last }) =>
      left.flatMap((run) =>
        last < run.first || first > run.last
          ? [run]
          : [
              { first: run.first, last: first - 1 },
              { first: last + 1, last: run.last },
            ].filter((part) => part.first <= part.last),
      ),
    [...runs],
  );

/** The addresses that a scan covers. */
export type AddressSet = {
  readonly count: number;
  readonly has: (address: string) => boolean;
  /** Ascending. */
  readonly all: () => Generator<string>;
};

const parsed = (texts: readonly string[]) =>
  texts.flatMap((text) =>
    text
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== ''),
  );

/**
 * Addresses of subnets (`10.0.0.0/20`), spans (`10.0.0.5-10.0.0.90`, `10.0.0.5-90`), single addresses and comma-separated lists
 * of them, without those of `exclude` in the same forms. Throws RangeError that quotes the faulty text, and for more than `mostAddresses`.
 */
export const addressSet = (ranges: readonly string[], exclude: readonly string[] = []): AddressSet => {
  const excluded = parsed(exclude).map((text) => (text.includes('/') ? wholeSubnet(text) : runOf(text)));
  const runs = without(merged(parsed(ranges).map(runOf)), excluded);
  const count = runs.reduce((sum, { first, last }) => sum + last - first + 1, 0);
  if (count > mostAddresses) throw new RangeError(`the ranges hold more than ${mostAddresses} addresses`);
  return {
    count,
    has: (address) => {
      const value = addressNumber(address);
      return value !== undefined && runs.some(({ first, last }) => value >= first && value <= last);
    },
    *all() {
      for (const { first, last } of runs)
        for (let value = first; value <= last; value++) yield addressText(value);
    },
  };
};

/** An excluded subnet takes its first and last address with it. */
const wholeSubnet = (text: string): AddressRun => {
  const { first, last } = runOf(text);
  const prefix = Number(text.split('/')[1]);
  return prefix <= 30 ? { first: first - 1, last: last + 1 } : { first, last };
};
