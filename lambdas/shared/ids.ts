import { randomBytes, randomUUID } from 'node:crypto';

/** A fresh id for a thing that has none yet. */
export const newId = (prefix?: string) => (prefix ? `${prefix}-${randomUUID()}` : randomUUID());

/** `evt_` and 24 hex digits: the form of an audit event's id (`000` §6.4). */
export const newEventId = () => `evt_${randomBytes(12).toString('hex')}`;
