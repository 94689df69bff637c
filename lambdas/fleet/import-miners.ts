import type * as z from 'zod';
import type { minersImport, minersImported } from '../../contracts/api-miners.ts';
import type { NewDomainEvent } from '../../contracts/domain-event.ts';
import { type Result, succeed } from '../shared/result.ts';
import type { StoredMiner } from './fleet-keys.ts';
import type { Doing } from './life-cycle.ts';
import type { Registry } from './miner-registry.ts';
import {
  inParts,
  type MinerWrite,
  type NewMiner,
  type PartRefusal,
  registeredEvent,
  sortOut,
} from './miner-repository.ts';
import { type RowFault, readMinersCsv } from './read-csv.ts';
import { newlyRegistered } from './register-miners.ts';
import { presentMiner } from './select-miners.ts';

/** Names of zones, gateways and customers that miners can be put into. */
export type Places = {
  readonly zone_id: ReadonlySet<string>;
  readonly gateway_id: ReadonlySet<string>;
  readonly customer_id: ReadonlySet<string>;
};
export type ImportDeps = {
  readonly readRegistry: (siteId: number) => Promise<Registry>;
  readonly readPlaces: (siteId: number) => Promise<Places>;
  readonly writePart: (
    doing: Doing,
    part: readonly MinerWrite[],
    events: readonly NewDomainEvent[],
  ) => Promise<{ readonly ok: true } | ({ readonly ok: false } & PartRefusal)>;
};
type Imported = z.infer<typeof minersImported>;
type Row = { readonly row: number; readonly miner: NewMiner };

/** Registers the miners of a CSV file; the answer names every faulty row. What the site has just so is left as it is. */
export const importMiners =
  ({ readRegistry, readPlaces, writePart }: ImportDeps) =>
  async (doing: Doing, request: z.output<typeof minersImport>): Promise<Result<Imported>> => {
    const read = readMinersCsv(request.csv);
    const [{ miners }, places] = await Promise.all([readRegistry(doing.siteId), readPlaces(doing.siteId)]);
    const faults: RowFault[] = [...read.faults];
    const firstRow = new Map<string, number>();
    const fresh: Row[] = [];
    let unchanged = 0;
    for (const { row, miner } of read.miners) {
      const fault = (field: string, message: string) =>
        faults.push({ row, miner_id: miner.miner_id, field, message });
      const earlier = firstRow.get(miner.miner_id);
      if (earlier !== undefined) {
        fault('miner_id', `stands in row ${earlier} already`);
        continue;
      }
      firstRow.set(miner.miner_id, row);
      const known = miners.get(miner.miner_id);
      if (known) {
        if (isJustSo(known, miner, doing.now)) unchanged++;
        else fault('miner_id', 'exists already, and otherwise than here');
        continue;
      }
      const missing = placeFields.find((field) => {
        const name = miner[field];
        return name !== undefined && !places[field].has(name);
      });
      if (missing) fault(missing, `${miner[missing]} is not one of this site, or archived`);
      else fresh.push({ row, miner });
    }
    const isRefused = faults.length > 0 && !request.partial;
    let created = isRefused ? 0 : fresh.length;
    if (!request.dry_run && !isRefused) created = await write(doing, fresh);
    return succeed({
      dry_run: request.dry_run,
      rows: read.rows,
      created,
      unchanged,
      errors: faults.toSorted((a, b) => a.row - b.row),
    });

    async function write(by: Doing, rows: readonly Row[]): Promise<number> {
      const rowOf = new Map(rows.map(({ row, miner }) => [miner.miner_id, row]));
      const queue = inParts(rows.map(({ miner }) => ({ after: newlyRegistered(miner, by.now) })));
      let written = 0;
      for (let part = queue.shift(); part; part = queue.shift()) {
        const outcome = await writePart(by, part, [registeredEvent(by, part, request.reason)]);
        if (outcome.ok) {
          written += part.length;
          continue;
        }
        const { failure, minerIds } = outcome;
        const fault = (id: string, message: string) =>
          faults.push({ row: rowOf.get(id) ?? 0, miner_id: id, field: 'miner_id', message });
        for (const id of minerIds) fault(id, failure.message);
        const others = part.filter(({ after }) => !minerIds.has(after.miner_id));
        const { open, overtaken } = sortOut(others, await readRegistry(by.siteId));
        for (const { after } of overtaken) fault(after.miner_id, `miner_id ${after.miner_id} exists already`);
        if (open.length > 0) queue.unshift(open);
      }
      return written;
    }
  };

const placeFields = ['zone_id', 'gateway_id', 'customer_id'] as const;

/** Everything that the row says is so already. */
const isJustSo = (known: StoredMiner, row: NewMiner, now: string) => {
  const shown = new Map<string, unknown>(Object.entries(presentMiner(known, Date.parse(now))));
  return (
    known.status === 'active' &&
    Object.entries(row).every(
      ([field, value]) => value === undefined || JSON.stringify(shown.get(field)) === JSON.stringify(value),
    )
  );
};
