import type { ReadingField } from '../../contracts/reading.ts';
import { readGatewayConfig } from '../../edge-greengrass/config.ts';
import { type Miner, openMiners } from '../../edge-greengrass/miners.ts';
import { newGatewayKeys } from '../../edge-greengrass/sealing/gateway-keys.ts';
import { type Field, fields, wrongFields } from '../../test/peers/compare.ts';
import type { PeerReading } from '../../test/peers/peer-process.ts';
import type { BenchSite } from './site.ts';

export type Shares = {
  /** Of all miners, those of which there is a reading. */
  readonly miners: number;
  /** Of all fields of all miners, those that are right. */
  readonly fields: number;
};

/** A gateway tells one temperature for all boards, the peers one for each. */
const compared = new Set<Field>(
  fields.filter((field) => field !== 'board temperatures' && field !== 'boards'),
);

/** How much of what the simulated miners physically are stands in readings, by the miners' hosts. */
export const sharesOf = async (
  { control, inventory }: BenchSite,
  readings: ReadonlyMap<string, PeerReading>,
): Promise<Shares> => {
  let right = 0;
  for (const entry of inventory) {
    const reading = readings.get(entry.host);
    if (!reading) continue;
    const wrong = wrongFields({ entry, physical: await control.physical(entry.minerId), reading });
    right += compared.size - wrong.filter((field) => compared.has(field)).length;
  }
  return { miners: readings.size / inventory.length, fields: right / (inventory.length * compared.size) };
};

const boards = [
  ['board1HashrateThs', 'board1ChipTempC', 'board1Chips'],
  ['board2HashrateThs', 'board2ChipTempC', 'board2Chips'],
  ['board3HashrateThs', 'board3ChipTempC', 'board3Chips'],
] as const satisfies readonly (readonly ReadingField[])[];
const fans = ['fan1Rpm', 'fan2Rpm', 'fan3Rpm', 'fan4Rpm'] as const satisfies readonly ReadingField[];

const read = async ({ adapter }: Miner): Promise<PeerReading> => {
  const identity = await adapter.identify();
  const { reading } = await adapter.read('full');
  const { values } = reading;
  const chips = boards.filter((names) => names.some((name) => values[name] !== undefined));
  return {
    model: identity.model,
    mac: identity.macAddress ?? null,
    hashrate_ths: values.hashrateThs ?? null,
    power_w: values.powerW ?? null,
    uptime_s: values.uptimeS ?? null,
    fans_rpm: fans.flatMap((name) => values[name] ?? []),
    boards: chips.map(([hashrate, chip, count]) => ({
      hashrate_ths: values[hashrate] ?? null,
      board_c: values.boardTempC ?? null,
      chip_c: values[chip] ?? null,
      chips: values[count] ?? null,
    })),
    pools: values.poolsAlive ?? 0,
    is_mining: reading.state === 'hashing',
  };
};

/** One reading of everything by the gateway's adapters, in the peers' words. */
export const readWithGateway = async (configPath: string): Promise<ReadonlyMap<string, PeerReading>> => {
  const config = readGatewayConfig(configPath);
  const miners = [...openMiners(config, Date.now, await newGatewayKeys()).values()];
  const readings = new Map<string, PeerReading>();
  await Promise.all(
    miners.map(async (miner) => {
      const reading = await read(miner).catch(() => undefined);
      if (reading) readings.set(miner.configured.host, reading);
    }),
  );
  return readings;
};
