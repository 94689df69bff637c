import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  rmSync,
  statfsSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { GatewayConfig } from '../config.ts';
import { type Finding, findings } from './finding.ts';

const oldestNode = 24;
const mb = 1024 * 1024;

export const checkNode = (version: string = process.versions.node): Finding => {
  const { ok, failure } = findings('node');
  return Number.parseInt(version, 10) >= oldestNode
    ? ok([`Node ${version}`, `Node ${version}`])
    : failure(
        [`Node ${version} is too old`, `Node ${version} 版本过低`],
        [`Install Node ${oldestNode} or newer.`, `请安装 Node ${oldestNode} 或更高版本。`],
      );
};

/** How many files and sockets the process may have open, from /proc; undefined elsewhere. */
const openFilesLimit = (): number | undefined => {
  try {
    const found = /^Max open files\s+(\d+|unlimited)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
    return found === undefined ? undefined : found === 'unlimited' ? Number.POSITIVE_INFINITY : Number(found);
  } catch {
    return undefined;
  }
};

const besideMiners = 128;
export const checkOpenFiles = (sockets: number, limit = openFilesLimit()): Finding => {
  const { ok, skipped, failure } = findings('open_files');
  if (limit === undefined)
    return skipped(['the limit of open files is not known here', '此系统无法得知打开文件数上限']);
  const needed = sockets + besideMiners;
  return limit >= needed
    ? ok([`${limit} open files allowed, ${needed} needed`, `允许打开 ${limit} 个文件，需要 ${needed} 个`])
    : failure(
        [
          `only ${limit} open files allowed, ${needed} needed`,
          `只允许打开 ${limit} 个文件，需要 ${needed} 个`,
        ],
        [
          `Raise the limit (LimitNOFILE=${needed} in the systemd unit) or lower limits.sockets.`,
          `请提高上限（systemd 单元中 LimitNOFILE=${needed}），或降低 limits.sockets。`,
        ],
      );
};

const slowSyncMs = 100;
const slowMbPerS = 5;

/** Writes beside the state file and has each write on the disk, as the spool does. */
const tryDisk = (directory: string) => {
  const file = join(directory, `.doctor-${process.pid}`);
  const opened = openSync(file, 'w', 0o600);
  try {
    const sync: number[] = [];
    for (let at = 0; at < 20; at++) {
      const begun = performance.now();
      writeSync(opened, Buffer.alloc(4_096, at));
      fsyncSync(opened);
      sync.push(performance.now() - begun);
    }
    const begun = performance.now();
    for (let at = 0; at < 8; at++) writeSync(opened, Buffer.alloc(mb, at));
    fsyncSync(opened);
    const seconds = (performance.now() - begun) / 1_000;
    return { syncMs: sync.toSorted((a, b) => a - b)[10] ?? 0, mbPerS: 8 / seconds };
  } finally {
    closeSync(opened);
    rmSync(file, { force: true });
  }
};

const nearestFolder = (directory: string): string =>
  existsSync(directory) ? directory : nearestFolder(dirname(directory));

export const checkDisk = (stateDir: string, { spoolBytes }: GatewayConfig['limits']): readonly Finding[] => {
  const { ok, warning, failure } = findings('disk');
  const directory = nearestFolder(stateDir);
  const { bavail, bsize } = statfsSync(directory);
  const free = Math.round((bavail * bsize) / mb);
  const wanted = Math.round(spoolBytes / mb);
  const space =
    free >= wanted
      ? ok([
          `${free} MB free, the spool takes at most ${wanted} MB`,
          `剩余 ${free} MB，缓存最多占用 ${wanted} MB`,
        ])
      : (free < wanted / 10 ? failure : warning)(
          [
            `${free} MB free, and the spool may take ${wanted} MB`,
            `仅剩 ${free} MB，而缓存最多可占用 ${wanted} MB`,
          ],
          [
            'Make room on the disk, or lower limits.spoolBytes: a full disk loses telemetry.',
            '请清理磁盘，或降低 limits.spoolBytes：磁盘写满会丢失遥测数据。',
          ],
        );
  try {
    const { syncMs, mbPerS } = tryDisk(directory);
    const said = `${syncMs.toFixed(1)} ms, ${mbPerS.toFixed(0)} MB/s`;
    const speed =
      syncMs <= slowSyncMs && mbPerS >= slowMbPerS
        ? ok([`a durable write takes ${said}`, `持久写入 ${said}`])
        : warning(
            [`the disk is slow: a durable write takes ${said}`, `磁盘较慢：持久写入 ${said}`],
            [
              'Keep the state directory on an SSD, not on an SD card or a network drive.',
              '请将状态目录放在固态硬盘上，不要放在 SD 卡或网络盘上。',
            ],
          );
    return [space, speed];
  } catch {
    return [
      space,
      failure(
        ['the state directory cannot be written', '状态目录无法写入'],
        [
          'Give the gateway’s user the directory, and see that the disk is not mounted read-only.',
          '请将该目录授权给网关用户，并确认磁盘未以只读方式挂载。',
        ],
      ),
    ];
  }
};
