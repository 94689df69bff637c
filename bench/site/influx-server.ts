import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** Both counted at the time of asking: files of compressed columns, and everything with indexes and write-ahead logs. */
export type DiskUse = { readonly dataBytes: number; readonly allBytes: number };
export type InfluxServer = {
  readonly version: string;
  /** Writes lines (milliseconds). Rejects with what the server says. */
  readonly write: (lines: string) => Promise<void>;
  /** Asks and reads the whole answer; its length in bytes. */
  readonly query: (text: string) => Promise<{ readonly bytes: number; readonly rows: number }>;
  /** Waits until what was written is in compacted files and the disk has stood still for some seconds. */
  readonly compacted: () => Promise<DiskUse>;
  readonly close: () => Promise<void>;
};

/** The version of an installed InfluxDB 1.x, or undefined. */
export const installedInflux = (): string | undefined => {
  try {
    return /v?(1\.\d+\.\d+)/.exec(execFileSync('influxd', ['version'], { encoding: 'utf8' }))?.[1];
  } catch {
    return undefined;
  }
};

const freePort = () =>
  new Promise<number>((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() =>
        typeof address === 'object' && address ? resolve(address.port) : reject(new Error('no port')),
      );
    });
  });

/** Its usual settings but for where it listens and lies, and that it writes and compacts two seconds after the last write. */
const configOf = (directory: string, httpPort: number, rpcPort: number) => `
reporting-disabled = true
bind-address = "127.0.0.1:${rpcPort}"
[meta]
  dir = "${directory}/meta"
[data]
  dir = "${directory}/data"
  wal-dir = "${directory}/wal"
  index-version = "tsi1"
  query-log-enabled = false
  cache-snapshot-write-cold-duration = "2s"
  compact-full-write-cold-duration = "2s"
[monitor]
  store-enabled = false
[http]
  bind-address = "127.0.0.1:${httpPort}"
  log-enabled = false
[logging]
  level = "error"
`;

const filesIn = (directory: string) =>
  readdirSync(directory, { recursive: true, withFileTypes: true }).flatMap((entry) => {
    if (!entry.isFile()) return [];
    const path = join(entry.parentPath, entry.name);
    const stat = statSync(path, { throwIfNoEntry: false });
    return stat ? [{ path, bytes: Math.min(stat.size, stat.blocks * 512) }] : [];
  });
const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

/** An influxd of our own on free loopback ports, in a directory that is gone when it is closed. */
export const startInflux = async (version: string): Promise<InfluxServer> => {
  const directory = mkdtempSync(join(tmpdir(), 'hashinsight-influx-'));
  for (const name of ['meta', 'data', 'wal']) mkdirSync(join(directory, name));
  const port = await freePort();
  const config = join(directory, 'influxdb.conf');
  writeFileSync(config, configOf(directory, port, await freePort()));
  const child = spawn('influxd', ['run', '-config', config], { stdio: 'ignore' });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const base = `http://127.0.0.1:${port}`;
  const close = async () => {
    child.kill('SIGTERM');
    await ended;
    rmSync(directory, { recursive: true, force: true });
  };
  const use = (): DiskUse => {
    const files = filesIn(directory).filter(({ path }) => path !== config);
    return {
      dataBytes: sum(files.filter(({ path }) => path.endsWith('.tsm')).map(({ bytes }) => bytes)),
      allBytes: sum(files.map(({ bytes }) => bytes)),
    };
  };
  try {
    for (let tries = 0; ; tries++) {
      const isUp = await fetch(`${base}/ping`).then(
        ({ ok }) => ok,
        () => false,
      );
      if (isUp) break;
      if (tries > 300 || child.exitCode !== null) throw new Error('influxd did not start within 30 s');
      await delay(100);
    }
    const asked = async (path: string, body: string | undefined) => {
      const response = await fetch(`${base}${path}`, { method: 'POST', ...(body !== undefined && { body }) });
      const text = await response.text();
      if (!response.ok) throw new Error(`influxd answered ${response.status}: ${text.slice(0, 300)}`);
      return text;
    };
    await asked(`/query?${new URLSearchParams({ q: 'CREATE DATABASE bench' })}`, undefined);
    return {
      version,
      write: async (lines) => void (await asked('/write?db=bench&precision=ms', lines)),
      query: async (q) => {
        const text = await asked(`/query?${new URLSearchParams({ db: 'bench', epoch: 'ms', q })}`, undefined);
        const parsed: { results?: { error?: string; series?: { values: unknown[] }[] }[] } = JSON.parse(text);
        const [result] = parsed.results ?? [];
        if (result?.error) throw new Error(`influxd: ${result.error}`);
        return { bytes: text.length, rows: sum((result?.series ?? []).map(({ values }) => values.length)) };
      },
      compacted: async () => {
        const deadline = Date.now() + 180_000;
        let before = '';
        for (let calmS = 0; calmS < 12 && Date.now() < deadline; ) {
          await delay(1_000);
          const now = filesIn(directory)
            .map(({ path, bytes }) => `${path} ${bytes}`)
            .toSorted()
            .join('\n');
          calmS = now === before ? calmS + 1 : 0;
          before = now;
        }
        return use();
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
};
