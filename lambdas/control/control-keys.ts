import type { BatchStatus } from '../../contracts/api-control.ts';
import type { CommandStatus, MinerOrderType } from '../../contracts/command.ts';

const digits = (value: number) => String(value).padStart(15, '0');

/** Keys of the control table. Command ids grow with time, so a site's commands lie in order of their creation. */
export const controlKeys = {
  command: (siteId: number, commandId: string) => ({ pk: `SITE#${siteId}`, sk: `COMMAND#${commandId}` }),
  /** One per dedupe key: the same proposal made twice is one command. */
  dedupe: (siteId: number, dedupeKey: string) => ({ pk: `SITE#${siteId}`, sk: `DEDUPE#${dedupeKey}` }),
  safety: (siteId: number, gatewayId: string, eventId: string) => ({
    pk: `SITE#${siteId}`,
    sk: `SAFETY#${gatewayId}#${eventId}`,
  }),
  /** The gateway's sequence, and which envelope is on its way out. */
  lane: (siteId: number, gatewayId: string) => ({ pk: `GATEWAY#${siteId}#${gatewayId}`, sk: 'LANE' }),
  /** Which command has a sequence: what a gateway that polls has not seen is read from here on. */
  envelope: (siteId: number, gatewayId: string, sequence: number) => ({
    pk: `GATEWAY#${siteId}#${gatewayId}`,
    sk: `SEQUENCE#${digits(sequence)}`,
  }),
  status: (siteId: number, status: CommandStatus) => `SITE#${siteId}#${status}`,
  batch: (siteId: number, batchId: string) => ({ pk: `SITE#${siteId}`, sk: `BATCH#${batchId}` }),
  /** The miners of a batch as one version of it names them, in parts. */
  targets: (siteId: number, batchId: string, version: number, part: number) => ({
    pk: `BATCH#${siteId}#${batchId}`,
    sk: `TARGETS#${digits(version)}#${digits(part)}`,
  }),
  batchStatus: (siteId: number, status: BatchStatus) => `SITE#${siteId}#BATCH#${status}`,
  policy: (siteId: number, type: MinerOrderType) => ({ pk: `SITE#${siteId}`, sk: `POLICY#${type}` }),
  /** Orders of a type given in one hour, at a site (`who` is `SITE`) or by one person. */
  quota: (siteId: number, type: string, who: string, hour: number) => ({
    pk: `QUOTA#${siteId}#${type}`,
    sk: `${who}#${digits(hour)}`,
  }),
  /** The kill switch over a tenant, a site or a gateway. */
  tenantHalt: (tenantId: string) => ({ pk: `HALT#ALL#${tenantId}`, sk: 'HALT' }),
  siteHalt: (siteId: number) => ({ pk: `HALT#SITE#${siteId}`, sk: 'HALT' }),
  gatewayHalt: (siteId: number, gatewayId: string) => ({
    pk: `HALT#GATEWAY#${siteId}#${gatewayId}`,
    sk: 'HALT',
  }),
  due: (dueAtMs: number) => digits(dueAtMs),
};

/** Index of a site's commands in one status: partition `status_pk`, sort `sk`. */
export const commandsByStatus = 'by-status';
/** Index of unsettled commands by the time at which silence settles them: partition `due_pk`, sort `due_sk`. */
export const commandsByDue = 'by-due';
export const openCommands = 'OPEN';
/** In the same index: commands whose end nobody knows, by when telemetry is next looked at. */
export const unknownCommands = 'UNKNOWN';
/** In the same index: batches that are not at their end. */
export const openBatches = 'BATCHES';
