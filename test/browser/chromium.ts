import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';

const names = ['chromium', 'chromium-browser', 'google-chrome'];

/** The installed Chromium: `CHROMIUM_PATH`, the Debian package's place, or a known name on the PATH. */
export const findChromium = (): string | undefined => {
  const asked = process.env.CHROMIUM_PATH;
  if (asked) return asked;
  const onPath = (process.env.PATH ?? '')
    .split(delimiter)
    .flatMap((directory) => names.map((name) => join(directory, name)));
  return ['/usr/bin/chromium', ...onPath].find((path) => existsSync(path));
};

/** Starts it without a window and without any traffic of its own. */
export const launchChromium = (executablePath: string): Promise<Browser> =>
  chromium.launch({
    executablePath,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
