import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { root } from './build.ts';

export type RunningChild = {
  /** The JSON line that the process printed when it was ready. */
  readonly ready: unknown;
  readonly pid: number;
  /** Asks the process to end and waits for it; after five seconds it is killed. */
  readonly close: () => Promise<void>;
};

/** Loaded into every child: when this process is gone, however it went, the child ends as if it had been asked to. */
const endWithParent =
  'data:text/javascript,process.once("disconnect",()=>process.kill(process.pid,"SIGTERM"))';

/**
 * Starts a script of this project as a process of its own and waits until it prints one JSON line, which says that it is
 * ready. Rejects with its last error lines when it ends first or stays silent for a minute. `onExit` hears of an
 * end that nobody asked for.
 */
export const startChild = (
  script: string,
  args: readonly string[],
  onExit: (reason: string) => void,
): Promise<RunningChild> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--import', endWithParent, script, ...args], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    const { stdout, stderr } = child;
    if (!stdout || !stderr) throw new Error(`${script} has no pipes`);
    let errors = '';
    let isReady = false;
    let isClosing = false;
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`${script} was not ready within a minute`));
    }, 60_000);
    stderr.on('data', (chunk: Buffer) => (errors = (errors + chunk.toString('utf8')).slice(-4000)));
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      clearTimeout(timer);
      const reason = `${script} ended with ${signal ?? code}${errors ? `:\n${errors}` : ''}`;
      if (!isReady) reject(new Error(reason));
      else if (!isClosing) onExit(reason);
    });
    createInterface({ input: stdout }).on('line', (line) => {
      if (isReady || !line.startsWith('{')) return;
      isReady = true;
      clearTimeout(timer);
      resolve({
        ready: JSON.parse(line),
        pid: child.pid ?? 0,
        close: () => {
          isClosing = true;
          return endChild(child);
        },
      });
    });
  });

const endChild = (child: ChildProcess) =>
  new Promise<void>((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve();
    const timer = setTimeout(() => child.kill('SIGKILL'), 5_000);
    child.once('exit', () => {
      clearTimeout(timer);
      resolve();
    });
    child.kill('SIGTERM');
  });
