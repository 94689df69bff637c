import type { CommandStatus } from '../../contracts/command.ts';

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
  due: (dueAtMs: number) => digits(dueAtMs),
};

/** Index of a site's commands in one status: partition `status_pk`, sort `sk`. */
export const commandsByStatus = 'by-status';
/** Index of unsettled commands by the time at which silence settles them: partition `due_pk`, sort `due_sk`. */
export const commandsByDue = 'by-due';
export const openCommands = 'OPEN';
