import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { isAlive } from './state-lock.ts';

/** Whether the process that holds the lock file is gone. A file that is being written names nobody yet. */
const isAbandoned = (lock: string) => {
  try {
    const pid = Number(readFileSync(lock, 'utf8'));
    return pid > 0 && !isAlive(pid);
  } catch {
    return false;
  }
};

/** Runs the work while no other process that names the same lock file does; waits for its turn. */
export const inTurn = async (lock: string, work: () => Promise<void>): Promise<void> => {
  mkdirSync(dirname(lock), { recursive: true });
  for (;;) {
    try {
      writeFileSync(lock, String(process.pid), { flag: 'wx' });
      break;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    }
    if (isAbandoned(lock)) rmSync(lock, { force: true });
    else await pause(100);
  }
  try {
    await work();
  } finally {
    rmSync(lock, { force: true });
  }
};
