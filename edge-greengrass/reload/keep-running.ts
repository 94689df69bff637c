import type { GatewayConfig } from '../config.ts';
import type { Log } from '../log.ts';
import { turnTaking } from '../turn-taking.ts';
import { planChange } from './plan-change.ts';

/** What the supervised agent must be able to do. */
export type Supervised = {
  readonly tune: (config: GatewayConfig) => void;
  readonly stop: () => Promise<void>;
};
/** A configuration with what was opened for it: keys, sealing, the miners that it names. */
export type Prepared = { readonly config: GatewayConfig };

type Deps<P extends Prepared, A extends Supervised> = {
  readonly first: P;
  /** Starts an agent on the state directory; the one before has stopped and left spool and journal there. */
  readonly start: (prepared: P) => Promise<A>;
  readonly log: Log;
  /** Every new configuration that counts, and what is wrong with one that does not. */
  readonly onTaken: (prepared: P, page: boolean) => Promise<void>;
  readonly onRefused: (reason: string) => void;
};

const reasonOf = (error: unknown) => (error instanceof Error ? error.message : 'it cannot be used');

/**
 * One agent at a time, and one change after the other. A configuration that cannot be read, is not valid or does not start is
 * refused with the name of what is wrong, and the one before goes on. Rejects only where neither starts.
 */
export const keepRunning = async <P extends Prepared, A extends Supervised>(deps: Deps<P, A>) => {
  const { start, log, onTaken, onRefused } = deps;
  const inTurn = turnTaking();
  let running = deps.first;
  let agent = await start(running);
  let stopped = false;

  const refuse = (reason: string) => {
    log('error', 'config_refused', { reason: reason.slice(0, 500) });
    onRefused(reason);
  };
  const restart = async (next: P): Promise<boolean> => {
    await agent.stop();
    try {
      agent = await start(next);
      return true;
    } catch (error) {
      refuse(reasonOf(error));
      agent = await start(running);
      return false;
    }
  };
  const follow = async (next: P) => {
    const change = planChange(running.config, next.config);
    if (change.fields.length === 0) return;
    if (change.refused.length > 0)
      return refuse(`Configuration: ${change.refused.join(', ')} cannot change while the gateway runs`);
    if (change.restartsAgent) {
      if (!(await restart(next))) return;
    } else agent.tune(next.config);
    running = next;
    log('info', 'config_taken', {
      fields: change.fields.join(' ').slice(0, 500),
      restarted: change.restartsAgent,
    });
    await onTaken(next, change.restartsPage);
  };

  return {
    agent: () => agent,
    config: () => running.config,
    /** Reads the configuration anew by `read` and follows it. */
    reload: (read: () => Promise<P>): Promise<void> =>
      inTurn(async () => {
        if (stopped) return;
        let next: P;
        try {
          next = await read();
        } catch (error) {
          return refuse(reasonOf(error));
        }
        await follow(next);
      }),
    stop: (): Promise<void> =>
      inTurn(async () => {
        stopped = true;
        await agent.stop();
      }),
  };
};
