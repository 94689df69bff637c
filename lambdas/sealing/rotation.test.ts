import { DisableKeyCommand, EnableKeyCommand } from '@aws-sdk/client-kms';
import { DeleteCommand, ScanCommand } from '@aws-sdk/lib-dynamodb';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { awsKmsWrapper } from '../../edge-greengrass/sealing/providers/aws-kms.ts';
import { openSealer, openValue } from '../../edge-greengrass/sealing/seal-value.ts';
import { readHead, walkLinks } from '../audit/audit-repository.ts';
import { verifySite } from '../audit/verify-site.ts';
import { rewrapWithKms } from './rewrap-with-kms.ts';
import { type Rotation, type RotationDeps, rotateKeys } from './rotation.ts';
import { nextParts, putRotation, readParts, readRotation, replaceKeys } from './rotation-repository.ts';
import { backupContext, partItem, type StoredPart, sealingKeys } from './sealing-keys.ts';
import { putPart } from './sealing-repository.ts';
import { startMs, startSealing, type TestSealing } from './test-sealing.ts';

let cloud: TestSealing;
beforeAll(async () => {
  cloud = await startSealing();
});
afterAll(() => cloud?.close());

const all = async (): Promise<StoredPart[]> => {
  const { Items = [] } = await cloud.store.db.send(
    new ScanCommand({ TableName: cloud.store.sealingTable, ConsistentRead: true }),
  );
  return Items.filter(({ sk }) => String(sk).startsWith('PART#')).map((item) => partItem.parse(item));
};
beforeEach(() => clear());

const [first, second] = [0, 1];
const keyArn = (index: number) => cloud.keyArns[index] ?? '';
const wrapperOf = (...indices: number[]) => {
  const [newest = '', ...olderKeyArns] = indices.map(keyArn);
  return awsKmsWrapper({ client: cloud.kms, keyArn: newest, olderKeyArns });
};
const textOf = ({ gateway_id, backup_id, part }: Pick<StoredPart, 'gateway_id' | 'backup_id' | 'part'>) =>
  `addresses of ${gateway_id} ${backup_id} ${part}`;

/** A backup of a gateway as the gateway would have sealed it, its parts under one data key. */
const storeBackup = async (gateway: number, parts: number, key: number, backup = 1) => {
  const head = {
    tenant_id: 'demo',
    site_id: 1 + (gateway % 2),
    gateway_id: `gw-${gateway}`,
    backup_id: backup.toString(16).padStart(28, '0'),
    parts,
    miners: parts,
  };
  const sealer = await openSealer(wrapperOf(key), backupContext(head));
  for (let part = 0; part < parts; part++)
    await putPart(cloud.store)({
      ...sealingKeys.part(head.site_id, head.gateway_id, head.backup_id, part),
      ...head,
      part,
      sealed: sealer.seal(Buffer.from(textOf({ ...head, part }))),
    });
};

const depsOf = (key: number): RotationDeps => ({
  readRotation: readRotation(cloud.store),
  putRotation: putRotation(cloud.store),
  nextParts: nextParts(cloud.store),
  readParts: readParts(cloud.store),
  replaceKeys: replaceKeys(cloud.store),
  rewrap: rewrapWithKms(cloud.kms, keyArn(key)),
  keyArn: keyArn(key),
  everyMs: 90 * 24 * 3_600_000,
  clock: { nowMs: () => cloud.now.ms },
});

class Crash extends Error {}
/** The same dependencies, of which the n-th await ends the process: before it did anything, or after it did all. */
const crashing = (deps: RotationDeps, at: number, after: boolean): RotationDeps => {
  let awaits = 0;
  const watched =
    <A extends unknown[], T>(work: (...args: A) => Promise<T>) =>
    async (...args: A): Promise<T> => {
      const isLast = ++awaits === at;
      if (isLast && !after) throw new Crash();
      const result = await work(...args);
      if (isLast) throw new Crash();
      return result;
    };
  return {
    ...deps,
    readRotation: watched(deps.readRotation),
    putRotation: watched(deps.putRotation),
    nextParts: watched(deps.nextParts),
    readParts: watched(deps.readParts),
    replaceKeys: watched(deps.replaceKeys),
    rewrap: watched(deps.rewrap),
  };
};

const survive = async (work: () => Promise<unknown>): Promise<boolean> => {
  try {
    await work();
    return true;
  } catch (error) {
    if (error instanceof Crash) return false;
    throw error;
  }
};

/** Opens every stored value; its nonce and ciphertext must be those that the gateway made. */
const expectReadable = async (
  wrapper: ReturnType<typeof wrapperOf>,
  made: ReadonlyMap<string, StoredPart>,
) => {
  const standing = await all();
  expect(standing.length).toBe(made.size);
  for (const part of standing) {
    const original = made.get(`${part.pk} ${part.sk}`)?.sealed;
    expect([part.sealed.nonce, part.sealed.ciphertext]).toEqual([original?.nonce, original?.ciphertext]);
    expect((await openValue(wrapper, part.sealed, backupContext(part))).toString()).toBe(textOf(part));
  }
};
const byKey = (parts: readonly StoredPart[]) => new Map(parts.map((part) => [`${part.pk} ${part.sk}`, part]));

describe('rotation', { timeout: 120_000 }, () => {
  it('survives a crash at every await: all values readable at every moment, the data untouched, the end reached', async () => {
    for (let at = 1; ; at++) {
      let crashedAny = false;
      for (const after of [false, true]) {
        await clear();
        await storeBackup(1, 3, first);
        await storeBackup(2, 2, first);
        const made = byKey(await all());
        const finished = await survive(() => rotateKeys(crashing(depsOf(second), at, after))(() => true));
        crashedAny ||= !finished;
        await expectReadable(wrapperOf(second, first), made);
        const ended = await rotateKeys(depsOf(second))(() => true);
        expect((ended ?? (await readRotation(cloud.store)()))?.doneAtMs).toBe(startMs);
        await expectReadable(wrapperOf(second), made);
      }
      if (!crashedAny) {
        expect(at).toBeGreaterThan(8);
        return;
      }
    }
  });

  it('keeps its promises over any series of crashes, with rotators side by side and backups that come and go', async () => {
    const schedule = fc.array(
      fc.record({
        at: fc.integer({ min: 1, max: 14 }),
        after: fc.boolean(),
        beside: fc.boolean(),
        newBackupOf: fc.option(fc.integer({ min: 1, max: 3 })),
      }),
      { maxLength: 6 },
    );
    await fc.assert(
      fc.asyncProperty(schedule, fc.integer({ min: 1, max: 4 }), async (steps, parts) => {
        await clear();
        for (const gateway of [1, 2, 3]) await storeBackup(gateway, parts, first);
        let backup = 1;
        let made = byKey(await all());
        for (const { at, after, beside, newBackupOf } of steps) {
          const runs = [rotateKeys(crashing(depsOf(second), at, after))];
          if (beside) runs.push(rotateKeys(depsOf(second)));
          await Promise.all(runs.map((run) => survive(() => run(() => true))));
          await expectReadable(wrapperOf(second, first), made);
          if (newBackupOf === null) continue;
          await storeBackup(newBackupOf, 1, second, ++backup);
          made = new Map([...byKey(await all()), ...made]);
        }
        await rotateKeys(depsOf(second))(() => true);
        const later = await rotateKeys(depsOf(second))(() => true);
        expect(later).toBeUndefined();
        await expectReadable(wrapperOf(second), made);
        expect((await all()).map(({ sealed }) => sealed.key_id)).toEqual([...made].map(() => keyArn(second)));
      }),
      { numRuns: 12 },
    );
    for (const siteId of [1, 2]) {
      const verified = await verifySite({
        readHead: readHead(cloud.store),
        walkLinks: walkLinks(cloud.store),
      })(siteId);
      expect(verified).toMatchObject({ verdict: { intact: true } });
    }
  });

  it('lets the old key be disabled afterwards', async () => {
    await storeBackup(1, 2, first);
    const made = byKey(await all());
    await rotateKeys(depsOf(second))(() => true);
    await cloud.kms.send(new DisableKeyCommand({ KeyId: keyArn(first) }));
    try {
      await expectReadable(wrapperOf(second, first), made);
    } finally {
      await cloud.kms.send(new EnableKeyCommand({ KeyId: keyArn(first) }));
    }
  });

  it('goes through many pages, stopping where its time ends and going on where it stopped', async () => {
    for (let gateway = 1; gateway <= 13; gateway++) await storeBackup(gateway, 10, first);
    const made = byKey(await all());
    let passes = 0;
    let rotation: Rotation | undefined;
    do {
      let pages = 1;
      rotation = await rotateKeys(depsOf(second))(() => pages-- > 0);
      passes++;
    } while (rotation && rotation.doneAtMs === undefined);
    expect(passes).toBeGreaterThan(2);
    expect(rotation).toMatchObject({ rewrapped: 130, foreign: 0, refused: 0 });
    await expectReadable(wrapperOf(second), made);
  });

  it('leaves to gateways what only they may unwrap, and counts what KMS refuses instead of stopping at it', async () => {
    await storeBackup(1, 1, first);
    await storeBackup(2, 1, first);
    const [one] = (await all()).filter(({ gateway_id }) => gateway_id === 'gw-1');
    if (!one) throw new Error('no part');
    const foreign = {
      ...one,
      ...sealingKeys.part(1, 'gw-9', one.backup_id, 0),
      site_id: 1,
      gateway_id: 'gw-9',
    };
    await putPart(cloud.store)({ ...foreign, sealed: { ...one.sealed, provider: 'gcp-kms' } });
    // Stored under another gateway's name: its context is another, so its key does not open.
    await putPart(cloud.store)({
      ...one,
      ...sealingKeys.part(1, 'gw-8', one.backup_id, 0),
      gateway_id: 'gw-8',
    });
    const rotation = await rotateKeys(depsOf(second))(() => true);
    expect(rotation).toMatchObject({ rewrapped: 2, foreign: 1, refused: 1, doneAtMs: startMs });
  });

  it('begins again when its time has come or the key is another, and not before', async () => {
    await storeBackup(1, 1, first);
    expect((await rotateKeys(depsOf(second))(() => true))?.rewrapped).toBe(1);
    expect(await rotateKeys(depsOf(second))(() => true)).toBeUndefined();
    cloud.now.ms += 90 * 24 * 3_600_000 + 1;
    const again = await rotateKeys(depsOf(second))(() => true);
    expect(again?.rewrapped).toBe(1);
    expect((await rotateKeys(depsOf(2))(() => true))?.keyArn).toBe(keyArn(2));
    cloud.now.ms = startMs;
  });
});

async function clear() {
  const { Items = [] } = await cloud.store.db.send(new ScanCommand({ TableName: cloud.store.sealingTable }));
  for (const { pk, sk } of Items)
    await cloud.store.db.send(new DeleteCommand({ TableName: cloud.store.sealingTable, Key: { pk, sk } }));
}
