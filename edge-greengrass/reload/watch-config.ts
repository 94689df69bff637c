import { watch } from 'node:fs';
import { basename, dirname } from 'node:path';

/**
 * Calls when a file has changed and then been left alone for `settleMs`: written in place, or replaced by another of its name, as editors
 * and configuration tools do. Watches the folder, since a watch on the file ends with the file.
 */
export const watchConfig = (file: string, onChange: () => void, settleMs = 300) => {
  const name = basename(file);
  let timer: NodeJS.Timeout | undefined;
  const watcher = watch(dirname(file), (_, changed) => {
    if (changed !== null && changed !== name) return;
    clearTimeout(timer);
    timer = setTimeout(onChange, settleMs);
  });
  // A folder that is taken away ends the watch; SIGHUP still reloads.
  watcher.on('error', () => watcher.close());
  return {
    close: () => {
      clearTimeout(timer);
      watcher.close();
    },
  };
};
