import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { writeSecretFile } from '../sealing/secret-file.ts';
import type { Clock } from '../state/pace.ts';
import { currentLink, currentVersion, pruneReleases, stageRelease, switchTo } from './install.ts';
import { admitRelease, compareVersions, type Release, ReleaseRefused, version } from './release.ts';

const attempt = z.strictObject({
  from: version,
  to: version,
  /** `trying` until the new release has shown that it is healthy or its time is over. */
  phase: z.enum(['trying', 'rolling_back']),
  untilMs: z.int(),
});
const journal = z.strictObject({
  /** The highest version that was healthy here: nothing older is taken, whoever signed it. */
  highest: version,
  failed: z.array(version).max(100),
  attempt: attempt.optional(),
});
type Journal = z.infer<typeof journal>;
type Attempt = z.infer<typeof attempt>;

/** What the gateway on this machine says of itself; undefined where it does not answer. */
export type Running = { readonly version: string; readonly healthy: boolean; readonly sweeps: number };

export type UpdateDeps = {
  /** Holds `releases/<version>/`, the link `current` and `update.json`. */
  readonly root: string;
  readonly restart: () => Promise<void>;
  readonly running: () => Promise<Running | undefined>;
  readonly clock: Clock;
  /** How long a new release may take to be healthy, and how long it must then stay so. */
  readonly withinMs: number;
  readonly steadyMs: number;
  readonly lookMs?: number;
  /** Updates a gateway that does not say that it runs, such as one that cannot start. */
  readonly unseen?: boolean;
  /** After every step that is on the disk, for whoever watches. */
  readonly onStep?: (step: string) => void;
};
export type UpdateResult =
  | { readonly outcome: 'updated' | 'rolled_back'; readonly from: string; readonly to: string }
  | { readonly outcome: 'settled' };

/** A gateway that is just starting says nothing for so long. */
const seenWithinMs = 15_000;

/**
 * Replaces the running release and goes back where the new one is not healthy in time. Every step is on the disk before the next
 * begins, so that `settle` ends what a crash or a power cut left open, whatever was the last step.
 */
export const updater = (deps: UpdateDeps) => {
  const {
    root,
    restart,
    running,
    clock,
    withinMs,
    steadyMs,
    lookMs = 500,
    unseen = false,
    onStep = () => {},
  } = deps;
  const file = join(root, 'update.json');
  const never = new AbortController().signal;

  const read = (): Journal => {
    if (!existsSync(file)) return { highest: currentVersion(root), failed: [] };
    return journal.parse(JSON.parse(readFileSync(file, 'utf8')));
  };
  const write = (next: Journal, step: string) => {
    writeSecretFile(file, JSON.stringify(next));
    onStep(step);
  };

  const isRunning = async (wanted: string) => {
    const now = await running();
    return now?.version === wanted && now.healthy && now.sweeps > 0;
  };
  /** True as soon as the release has been healthy all the while. */
  const becomesHealthy = async ({ to, untilMs }: Attempt): Promise<boolean> => {
    let sinceMs: number | undefined;
    for (;;) {
      const nowMs = clock.nowMs();
      if (await isRunning(to)) sinceMs ??= nowMs;
      else sinceMs = undefined;
      if (sinceMs !== undefined && nowMs - sinceMs >= steadyMs) return true;
      if (nowMs >= untilMs) return false;
      await clock.wait(lookMs, never);
    }
  };

  /** Whether the present release can be seen at all: of one that cannot, no successor would ever count as healthy. */
  const isSeen = async (version: string): Promise<boolean> => {
    for (const endMs = clock.nowMs() + seenWithinMs; ; await clock.wait(lookMs, never)) {
      if ((await running())?.version === version) return true;
      if (clock.nowMs() >= endMs) return false;
    }
  };

  const keep = (open: Attempt): UpdateResult => {
    const { highest, failed } = read();
    const next = compareVersions(open.to, highest) > 0 ? open.to : highest;
    write({ highest: next, failed }, 'kept');
    pruneReleases(root, [open.from, open.to]);
    onStep('pruned');
    return { outcome: 'updated', from: open.from, to: open.to };
  };
  const rollBack = async (open: Attempt): Promise<UpdateResult> => {
    const { highest, failed } = read();
    write({ highest, failed, attempt: { ...open, phase: 'rolling_back' } }, 'rolling back');
    switchTo(root, open.from);
    onStep('switched back');
    await restart();
    onStep('restarted back');
    const known = failed.filter((one) => one !== open.to).slice(-99);
    write({ highest, failed: [...known, open.to] }, 'rolled back');
    return { outcome: 'rolled_back', from: open.from, to: open.to };
  };
  const see = async (open: Attempt): Promise<UpdateResult> =>
    (await becomesHealthy(open)) ? keep(open) : rollBack(open);

  /** Ends what an earlier run left open. */
  const settle = async (): Promise<UpdateResult> => {
    const { attempt: open, ...rest } = read();
    if (!open) return { outcome: 'settled' };
    if (open.phase === 'rolling_back') return rollBack(open);
    if (currentVersion(root) === open.from) {
      write(rest, 'given up');
      return { outcome: 'settled' };
    }
    if ((await running())?.version !== open.to) await restart();
    // Its time begins anew: the machine may have been without power for as long.
    return see({ ...open, untilMs: clock.nowMs() + withinMs });
  };

  /** Settles first. Throws ReleaseRefused before anything is written where the release may not be taken. */
  const apply = async (release: Release): Promise<UpdateResult> => {
    await settle();
    const before = read();
    const from = currentVersion(root);
    const { manifest } = release;
    admitRelease(manifest, { current: from, highest: before.highest, failed: before.failed });
    if (!unseen && !(await isSeen(from)))
      throw new ReleaseRefused(
        'NOT_SEEN',
        `nothing says that version ${from} runs: --health names where the gateway tells it, --unseen updates one that does not run`,
      );
    stageRelease(root, release);
    onStep('staged');
    const open: Attempt = {
      from,
      to: manifest.version,
      phase: 'trying',
      untilMs: clock.nowMs() + withinMs,
    };
    write({ ...before, attempt: open }, 'noted');
    switchTo(root, open.to);
    onStep('switched');
    await restart();
    onStep('restarted');
    return see(open);
  };

  return { apply, settle };
};

/** The first release on a machine: nothing runs yet, and there is nothing to go back to. Throws ReleaseRefused or Error. */
export const installFirst = (root: string, release: Release) => {
  if (existsSync(currentLink(root))) throw new Error('a release is installed already: update it');
  const { version: first } = release.manifest;
  admitRelease(release.manifest, { current: '0.0.0', highest: '0.0.0', failed: [] });
  stageRelease(root, release);
  writeSecretFile(join(root, 'update.json'), JSON.stringify({ highest: first, failed: [] }));
  switchTo(root, first);
};
