import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import * as z from 'zod';

/** What a schedule came to, as one process tells it to another. */
export const ranLine = z.object({
  seed: z.int(),
  commands: z.int(),
  batches: z.int(),
  crashes: z.int(),
  dropped: z.int(),
  duplicated: z.int(),
  ends: z.array(z.string()),
  violations: z.array(z.string()),
});
export type RanLine = z.infer<typeof ranLine>;

/** Shares schedules among processes, each with tables of its own; throws Error where one of them broke. */
export const runInProcesses = async (
  script: string,
  count: number,
  firstSeed: number,
  jobs: number,
  watch: (ran: RanLine) => void,
): Promise<void> => {
  const share = Math.ceil(count / jobs);
  const one = async (from: number) => {
    const mine = Math.min(share, count - from);
    if (mine <= 0) return;
    const child = spawn(
      process.execPath,
      [script, '--lines', '--count', String(mine), '--seed', String(firstSeed + from)],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
    for await (const line of createInterface({ input: child.stdout })) watch(ranLine.parse(JSON.parse(line)));
    const code = await ended;
    if (code !== 0)
      throw new Error(`A process with schedules from seed ${firstSeed + from} on ended with ${code}`);
  };
  await Promise.all(Array.from({ length: jobs }, (_, at) => one(at * share)));
};
