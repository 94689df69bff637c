import * as z from 'zod';
import { type ModelName, modelNamed, modelNames, type Vendor, vendors } from '../physics/models.ts';
import { randomFrom, seedOf } from '../physics/random.ts';

/** One miner as an operator would enter it into a fleet's inventory. */
export const inventoryEntry = z.strictObject({
  minerId: z.string(),
  vendor: z.enum(vendors),
  model: z.enum(modelNames),
  zoneId: z.string(),
  host: z.string(),
  /** Each where the firmware has such a port. */
  rpcPort: z.int().optional(),
  httpPort: z.int().optional(),
  framePort: z.int().optional(),
  username: z.string().optional(),
  password: z.string().optional(),
  serialNumber: z.string(),
  macAddress: z.string(),
  ratedHashrateThs: z.number(),
  ratedPowerW: z.number(),
});
export type InventoryEntry = z.infer<typeof inventoryEntry>;

/** Who a miner is, before it has an address. */
export type MinerIdentity = {
  readonly minerId: string;
  readonly index: number;
  readonly vendor: Vendor;
  readonly model: ModelName;
  readonly zoneId: string;
  readonly serialNumber: string;
  readonly macAddress: string;
};

/** Shares of the models in a site; they need not add up to one. */
export type Mix = Partial<Record<ModelName, number>>;
export const usualMix: Mix = {
  'Antminer S19': 0.25,
  'Antminer S19 Pro': 0.15,
  'Antminer S21': 0.25,
  'Whatsminer M50': 0.2,
  'Whatsminer M60': 0.15,
};

/** One share of every model: a site with all firmware families. */
export const allFirmwares: Mix = Object.fromEntries(modelNames.map((name) => [name, 1]));

export const minerIdAt = (index: number) => `m-${String(index + 1).padStart(4, '0')}`;
export const zoneIdAt = (index: number) => `zone-${index + 1}`;

/**
 * The miners of a site: each zone holds a contiguous run of them, models spread evenly over the zones in the shares of
 * the mix. Throws RangeError when the mix names nothing.
 */
export const identitiesOf = (options: {
  miners: number;
  zones: number;
  seed: number;
  mix: Mix;
}): MinerIdentity[] => {
  const weights = modelNames.map((name) => ({ name, weight: Math.max(options.mix[name] ?? 0, 0) }));
  const total = weights.reduce((sum, { weight }) => sum + weight, 0);
  if (total <= 0) throw new RangeError('the mix names no model');
  const owed = new Map<ModelName, number>(modelNames.map((name) => [name, 0]));
  return Array.from({ length: options.miners }, (_, index) => {
    for (const { name, weight } of weights) owed.set(name, (owed.get(name) ?? 0) + weight / total);
    const model = weights.reduce(
      (best, { name }) => ((owed.get(name) ?? 0) > (owed.get(best) ?? 0) + 1e-9 ? name : best),
      weights[0]?.name ?? 'Antminer S19',
    );
    owed.set(model, (owed.get(model) ?? 0) - 1);
    const random = randomFrom(seedOf(options.seed, 'identity', index));
    const letters = 'ABCDEFGHJKLMNPQRSTUVWXYZ0123456789';
    const serial = Array.from({ length: 12 }, () =>
      letters.charAt(Math.floor(random() * letters.length)),
    ).join('');
    const octets = [2, 0x48, 0x49, (index >> 16) & 255, (index >> 8) & 255, index & 255];
    const vendor = modelNamed(model).vendor;
    return {
      minerId: minerIdAt(index),
      index,
      vendor,
      model,
      zoneId: zoneIdAt(Math.min(Math.floor((index * options.zones) / options.miners), options.zones - 1)),
      serialNumber: `${vendor === 'whatsminer' ? 'HTM' : 'HQD'}${serial}`,
      macAddress: octets.map((octet) => octet.toString(16).padStart(2, '0').toUpperCase()).join(':'),
    };
  });
};
