import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

export type ProcessMemory = {
  readonly rssMb: number;
  /** The most that it ever had; undefined where the system does not keep it. */
  readonly peakMb: number | undefined;
};

const mbOfKb = (kb: number) => Math.round(kb / 1_024);
const statusField = (status: string, name: string) => {
  const found = new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1];
  return found === undefined ? undefined : mbOfKb(Number(found));
};

/** What a process has resident, from /proc or, where there is none, from `ps`. Throws when it does not run. */
export const memoryOf = (pid: number): ProcessMemory => {
  if (process.platform === 'linux') {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const rssMb = statusField(status, 'VmRSS');
    if (rssMb === undefined) throw new Error(`Process ${pid} has ended`);
    return { rssMb, peakMb: statusField(status, 'VmHWM') };
  }
  const kb = Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' }));
  return { rssMb: mbOfKb(kb), peakMb: undefined };
};
