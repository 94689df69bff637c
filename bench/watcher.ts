import { SingleBar } from 'cli-progress';
import pc from 'picocolors';
import type { Watcher } from './bench.ts';

/** A progress bar on a terminal; elsewhere a line for every tenth of the way. */
export const watch = (): Watcher & { readonly stop: () => void } => {
  const begun = performance.now();
  const bar = process.stderr.isTTY
    ? new SingleBar({
        format: '  {bar} {percentage}%  {value}/{total}  {what}',
        hideCursor: true,
        stream: process.stderr,
      })
    : undefined;
  let isShown = false;
  let lastTenth = -1;
  const stop = () => {
    if (isShown) bar?.stop();
    isShown = false;
  };
  const say = (line: string) => {
    stop();
    const seconds = ((performance.now() - begun) / 1_000).toFixed(1).padStart(6);
    console.error(`${pc.dim(`${seconds} s`)}  ${line}`);
  };
  return {
    say,
    stop,
    progress: (done, all, what) => {
      if (bar) {
        if (!isShown) bar.start(all, done, { what });
        else {
          bar.setTotal(all);
          bar.update(done, { what });
        }
        isShown = true;
        return;
      }
      const tenth = Math.floor((10 * done) / all);
      if (tenth !== lastTenth) say(`${done} of ${all}  ${what}`);
      lastTenth = tenth;
    },
  };
};
