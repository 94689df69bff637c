import { readMiner } from '../fleet/fleet-directory.ts';
import type { FleetStore } from '../fleet/fleet-keys.ts';
import { systemClock } from '../shared/clock.ts';
import type { Result } from '../shared/result.ts';
import type { CommandRecord } from './command.ts';
import * as repository from './command-repository.ts';
import * as expiring from './expire-command.ts';
import { readPolicy } from './policy-repository.ts';
import * as proposing from './propose-command.ts';

/**
 * What other contexts may ask of control. The caller's function needs ControlStack.grantPropose (tables and
 * environment); `clock` is the system's unless a test sets another.
 */
export type ControlDeps = repository.ControlStore & FleetStore;

/** Creates an already approved command; see propose-command.ts. Idempotent by recommendation and miner. */
export const proposeCommand = (deps: ControlDeps) =>
  proposing.proposeCommand({
    findMiner: readMiner(deps),
    insertCommand: repository.insertCommand(deps),
    findByDedupeKey: repository.findByDedupeKey(deps),
    readPolicy: readPolicy(deps),
    clock: deps.clock ?? systemClock,
  });

/** The command as it stands, or undefined. */
export const readCommand = (
  deps: repository.ControlStore,
): ((siteId: number, commandId: string) => Promise<CommandRecord | undefined>) =>
  repository.readCommand(deps);

/** Settles a command whose time has run out and answers with it; one with time left is answered unchanged. */
export const expireCommand = (
  deps: repository.ControlStore,
): ((siteId: number, commandId: string) => Promise<Result<CommandRecord>>) =>
  expiring.expireCommand({
    readCommand: repository.readCommand(deps),
    moveCommand: repository.moveCommand(deps),
    clock: deps.clock ?? systemClock,
  });
