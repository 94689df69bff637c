import { deflateRawSync, inflateRawSync } from 'node:zlib';
import * as z from 'zod';
import { mostInventoryBytes } from '../../contracts/gateway-sealing.ts';
import type { SealedValue, SealingContext } from '../../contracts/sealed.ts';
import { type ConfiguredMiner, configuredMiner } from '../config.ts';
import type { KeyWrapper } from './key-wrapper.ts';
import { openSealer, openValues } from './seal-value.ts';
import { SealingError } from './sealing-error.ts';

const minersPerPart = 250;
const inventory = z.array(configuredMiner).max(20_000);

/** Seals addresses and credentials in parts that each fit a message, all under one data key. */
export const sealInventory = async (
  wrapper: KeyWrapper,
  miners: readonly ConfiguredMiner[],
  context: SealingContext,
): Promise<SealedValue[]> => {
  const sealer = await openSealer(wrapper, context);
  try {
    const parts = Array.from({ length: Math.max(1, Math.ceil(miners.length / minersPerPart)) }, (_, part) =>
      miners.slice(part * minersPerPart, (part + 1) * minersPerPart),
    );
    return parts.map((part) => sealer.seal(deflateRawSync(JSON.stringify(part))));
  } finally {
    sealer.forget();
  }
};

/** Throws SealingError; `not_authentic` too where the parts are not an inventory. */
export const openInventory = async (
  wrapper: KeyWrapper,
  parts: readonly SealedValue[],
  context: SealingContext,
): Promise<ConfiguredMiner[]> => {
  const opened = await openValues(wrapper, parts, context);
  try {
    const miners = opened.flatMap((bytes) =>
      inventory.parse(
        JSON.parse(inflateRawSync(bytes, { maxOutputLength: mostInventoryBytes }).toString('utf8')),
      ),
    );
    return inventory.parse(miners);
  } catch {
    throw new SealingError('not_authentic');
  } finally {
    for (const bytes of opened) bytes.fill(0);
  }
};
