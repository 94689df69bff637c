import type { MinerIdentity } from './miner-adapter.ts';

/** As long as the gateway's configuration takes a model; no firmware's own words are. */
const longest = 80;

const short = (text: string) =>
  text
    .slice(0, 4 * longest)
    .replace(/\p{Cc}+/gu, '')
    .trim()
    .slice(0, longest);
const orAbsent = (text: string | undefined) => (text === undefined ? undefined : short(text) || undefined);

/** What a miner says of itself, fit for a log, a list and a configuration whatever it says. */
export const shortIdentity = ({
  vendor,
  model,
  firmware,
  apiVersion,
  macAddress,
  serialNumber,
  hostname,
}: MinerIdentity): MinerIdentity => ({
  vendor,
  model: short(model) || 'unknown',
  firmware: short(firmware) || 'unknown',
  apiVersion: short(apiVersion) || 'unknown',
  ...(macAddress !== undefined && { macAddress: orAbsent(macAddress) }),
  ...(serialNumber !== undefined && { serialNumber: orAbsent(serialNumber) }),
  ...(hostname !== undefined && { hostname: orAbsent(hostname) }),
});
