import * as z from 'zod';
import type { NewDomainEvent } from '../../contracts/domain-event.ts';
import { epochMs } from '../../contracts/identifiers.ts';
import type { SealingContext, WrappedKey } from '../../contracts/sealed.ts';
import { stateEvent } from '../audit/commit-with-audit.ts';
import type { Clock } from '../shared/clock.ts';
import { backupContext, type StoredPart } from './sealing-keys.ts';

/** Where the next page begins: a text that the repository made; absent at the beginning. */
export type Position = string;

/** One pass over everything sealed, and how far it is. `doneAtMs` ends it. */
export const rotationItem = z.object({
  runId: z.string(),
  keyArn: z.string(),
  startedAtMs: epochMs,
  after: z.string().optional(),
  rewrapped: z.int(),
  /** Wrapped by services that only gateways may use: they wrap anew themselves, with their next backup. */
  foreign: z.int(),
  /** Whose wrapped keys the service does not take; they stay as they are, and somebody must look. */
  refused: z.int(),
  doneAtMs: epochMs.optional(),
});
export type Rotation = z.infer<typeof rotationItem>;

/** The same part with its data key wrapped anew. */
export type Rewrapped = { readonly before: StoredPart; readonly key: WrappedKey };
export type RotationDeps = {
  readonly readRotation: () => Promise<Rotation | undefined>;
  /** Writes a pass's state if the one that stands is `before` still; false where another writer was quicker. */
  readonly putRotation: (next: Rotation, before: Rotation | undefined) => Promise<boolean>;
  readonly nextParts: (
    after: Position | undefined,
  ) => Promise<{ readonly parts: readonly StoredPart[]; readonly next?: Position | undefined }>;
  readonly readParts: (parts: readonly StoredPart[]) => Promise<readonly StoredPart[]>;
  /** Puts the new keys in place of the ones that were read, all or none. False where one of them is not there any more. */
  readonly replaceKeys: (
    changes: readonly Rewrapped[],
    runId: string,
    event: NewDomainEvent,
  ) => Promise<boolean>;
  /** Undefined where the service refuses this one key for good; throws where it cannot answer now. */
  readonly rewrap: (key: WrappedKey, context: SealingContext) => Promise<WrappedKey | undefined>;
  readonly keyArn: string;
  readonly everyMs: number;
  readonly clock: Clock;
};

/** Goes on with the pass that is under way, or begins one when it is time or the key is another. Undefined: nothing is due. */
export const rotateKeys =
  (deps: RotationDeps) =>
  async (hasTime: () => boolean): Promise<Rotation | undefined> => {
    let rotation = await dueRotation(deps);
    while (rotation && rotation.doneAtMs === undefined && hasTime()) {
      const { parts, next } = await deps.nextParts(rotation.after);
      const counted = await rewrapPage(deps, parts, rotation.runId);
      const { after: _, ...rest } = rotation;
      const moved: Rotation = {
        ...rest,
        rewrapped: rotation.rewrapped + counted.rewrapped,
        foreign: rotation.foreign + counted.foreign,
        refused: rotation.refused + counted.refused,
        ...(next ? { after: next } : { doneAtMs: deps.clock.nowMs() }),
      };
      if (!(await deps.putRotation(moved, rotation))) return deps.readRotation();
      rotation = moved;
    }
    return rotation;
  };

const dueRotation = async ({ readRotation, putRotation, keyArn, everyMs, clock }: RotationDeps) => {
  const standing = await readRotation();
  if (standing && standing.doneAtMs === undefined && standing.keyArn === keyArn) return standing;
  const nowMs = clock.nowMs();
  const isDue = !standing || standing.keyArn !== keyArn || nowMs - standing.startedAtMs >= everyMs;
  if (!isDue) return undefined;
  const begun: Rotation = {
    runId: `rot-${nowMs.toString(16).padStart(12, '0')}`,
    keyArn,
    startedAtMs: nowMs,
    rewrapped: 0,
    foreign: 0,
    refused: 0,
  };
  return (await putRotation(begun, standing)) ? begun : readRotation();
};

const attempts = 5;

/** Gateway by gateway: all keys of a gateway's parts on this page change together, with one entry in its site's audit log. */
const rewrapPage = async (deps: RotationDeps, parts: readonly StoredPart[], runId: string) => {
  const counted = { rewrapped: 0, foreign: 0, refused: 0 };
  for (const ofGateway of Map.groupBy(parts, ({ pk }) => pk).values()) {
    let standing: readonly StoredPart[] = ofGateway;
    for (let attempt = 1; ; attempt++) {
      const stale = standing.filter(({ rewrapped_by }) => rewrapped_by !== runId);
      const own = stale.filter(({ sealed }) => sealed.provider === 'aws-kms');
      const { changes, refused } = await rewrapAll(deps, own);
      if (await commitGateway(deps, changes, runId)) {
        counted.rewrapped += changes.length;
        counted.foreign += stale.length - own.length;
        counted.refused += refused;
        break;
      }
      if (attempt === attempts) throw new Error(`The keys of ${ofGateway[0]?.pk} kept changing`);
      standing = await deps.readParts(ofGateway);
    }
  }
  return counted;
};

/** Parts of one backup share a data key, which the service is asked about once. */
const rewrapAll = async ({ rewrap }: RotationDeps, parts: readonly StoredPart[]) => {
  const asked = new Map<string, WrappedKey | undefined>();
  const changes: Rewrapped[] = [];
  let refused = 0;
  for (const before of parts) {
    const { provider, key_id, wrapped_key } = before.sealed;
    const name = `${key_id} ${wrapped_key}`;
    if (!asked.has(name))
      asked.set(name, await rewrap({ provider, key_id, wrapped_key }, backupContext(before)));
    const key = asked.get(name);
    if (key) changes.push({ before, key });
    else refused++;
  }
  return { changes, refused };
};

const commitGateway = async ({ replaceKeys }: RotationDeps, changes: readonly Rewrapped[], runId: string) => {
  const [first] = changes;
  if (!first) return true;
  const { tenant_id, site_id, gateway_id } = first.before;
  const event = stateEvent({
    actor_type: 'system',
    actor_id: 'sealing',
    tenant_id,
    site_id,
    type: 'sealing.keys.rewrapped',
    ref_type: 'gateway',
    ref_id: gateway_id,
    payload: { gateway_id, run_id: runId, values: changes.length, key_id: first.key.key_id },
  });
  return replaceKeys(changes, runId, event);
};
