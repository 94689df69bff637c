import { createServer } from 'node:net';
import * as z from 'zod';
import type { LocalConfig } from '../config.ts';
import { type Finding, findings } from './finding.ts';

const health = z.object({ healthy: z.boolean(), version: z.string(), line: z.boolean(), sweeps: z.int() });
export type RunningGateway = z.infer<typeof health>;

/** The gateway that runs on this machine, where one answers at its local port. */
export const findRunning = async ({ host, port }: LocalConfig): Promise<RunningGateway | undefined> => {
  try {
    const name = host.includes(':') ? `[${host}]` : host;
    const answer = await fetch(`http://${name}:${port}/healthz`, { signal: AbortSignal.timeout(3_000) });
    return health.parse(await answer.json());
  } catch {
    return undefined;
  }
};

const isFree = ({ host, port }: LocalConfig) =>
  new Promise<boolean>((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, host, () => server.close(() => resolve(true)));
  });

export const checkPort = async (
  local: LocalConfig | undefined,
  running: RunningGateway | undefined,
): Promise<readonly Finding[]> => {
  const port = findings('local_port');
  const gateway = findings('gateway');
  if (!local) return [port.skipped(['the local page is not configured', '未配置本地页面'])];
  if (running) {
    const { healthy, version, line, sweeps } = running;
    return [
      port.ok([`the gateway listens on port ${local.port}`, `网关正在监听端口 ${local.port}`]),
      healthy
        ? gateway.ok([
            `version ${version} runs, ${sweeps} sweeps, line ${line ? 'up' : 'down'}`,
            `版本 ${version} 正在运行，已巡检 ${sweeps} 次，线路${line ? '正常' : '断开'}`,
          ])
        : gateway.failure(
            [`version ${version} runs and is not healthy`, `版本 ${version} 正在运行但状态异常`],
            [
              'See its log (journalctl -u hashinsight-edge) and the findings below.',
              '请查看其日志（journalctl -u hashinsight-edge）以及下面的检查结果。',
            ],
          ),
    ];
  }
  return [
    (await isFree(local))
      ? port.ok([`port ${local.port} is free; no gateway runs`, `端口 ${local.port} 空闲；没有网关在运行`])
      : port.failure(
          [`something else listens on port ${local.port}`, `其他程序占用了端口 ${local.port}`],
          ['End it, or set another local.port.', '请结束该程序，或更改 local.port。'],
        ),
  ];
};
