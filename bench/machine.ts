import { execFileSync } from 'node:child_process';
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';
import { root } from '../local/build.ts';

/** Where and when figures were taken; without it they mean nothing. */
export type Machine = {
  readonly date: string;
  readonly cores: number;
  readonly cpu: string;
  readonly memoryGb: number;
  readonly platform: string;
  readonly node: string;
  /** `-dirty` where the work tree differed from it. */
  readonly commit: string;
  /** The machine's load over the minute before the bench began: above about 0.5 others were at work too. */
  readonly loadBefore: number;
};

const git = (...args: string[]) => {
  try {
    return execFileSync('git', args, {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return '';
  }
};

export const describeMachine = (): Machine => ({
  date: new Date().toISOString(),
  cores: availableParallelism(),
  cpu: cpus()[0]?.model ?? 'unknown',
  memoryGb: Math.round(totalmem() / 2 ** 30),
  platform: `${process.platform} ${process.arch}`,
  node: process.version,
  commit: `${git('rev-parse', '--short', 'HEAD') || 'unknown'}${git('status', '--porcelain') ? '-dirty' : ''}`,
  loadBefore: Math.round((loadavg()[0] ?? 0) * 100) / 100,
});
