import { AsyncLocalStorage } from 'node:async_hooks';

const acting = new AsyncLocalStorage<string>();

/**
 * Runs what an API key asked for. Events that it commits say so (`api_key_id` in their payload), whichever use case states
 * them: the actor is the key's owner, and the log must tell the two apart.
 */
export const runAsKey = <T>(keyId: string | undefined, work: () => T): T =>
  keyId === undefined ? work() : acting.run(keyId, work);

/** The key that acts here, if one does. */
export const actingKey = () => acting.getStore();
