import { isIP } from 'node:net';
import { familyOf } from '../adapters/adapter-for.ts';
import type { ConfiguredMiner, GatewayConfig } from '../config.ts';
import { Semaphore } from '../io/semaphore.ts';
import { openMiners } from '../miners.ts';
import { newGatewayKeys } from '../sealing/gateway-keys.ts';
import { type Finding, findings } from './finding.ts';

/** Whose miners are in the configuration's file, with their passwords. */
export const checkPasswords = (inFile: number, miners: readonly ConfiguredMiner[]): readonly Finding[] => {
  const { ok, warning } = findings('passwords');
  const found: Finding[] = [];
  if (inFile > 0)
    found.push(
      warning(
        [
          `${inFile} miners stand in clear in the configuration file`,
          `配置文件中有 ${inFile} 台矿机以明文保存`,
        ],
        [
          'Start the gateway once: it seals them into its state directory and takes them out of the file.',
          '请启动一次网关：它会将其密封到状态目录并从文件中移除。',
        ],
      ),
    );
  const usual = miners.filter(
    ({ vendor, password }) => password === undefined || password === familyOf(vendor).usual.password,
  );
  if (usual.length > 0)
    found.push(
      warning(
        [
          `${usual.length} of ${miners.length} miners have their vendor’s default password`,
          `${miners.length} 台矿机中有 ${usual.length} 台使用厂商默认密码`,
        ],
        [
          'Whoever reaches the network can move their hashrate: set passwords of their own.',
          '任何能进入该网络的人都能转走算力：请为其设置独立密码。',
        ],
      ),
    );
  if (found.length === 0 && miners.length > 0)
    found.push(ok(['no default password, none in clear', '没有默认密码，也没有明文密码']));
  return found;
};

/** Two miners at one address: one of them is read twice, and the other not at all. */
export const checkAddresses = (miners: readonly ConfiguredMiner[]): Finding => {
  const { ok, failure } = findings('addresses');
  const byAddress = new Map<string, string[]>();
  for (const { minerId, vendor, host, rpcPort, httpPort } of miners) {
    const { usual } = familyOf(vendor);
    const address = `${host} ${rpcPort ?? usual.rpcPort} ${httpPort ?? usual.httpPort}`;
    byAddress.set(address, [...(byAddress.get(address) ?? []), minerId]);
  }
  const doubled = [...byAddress.values()].filter((ids) => ids.length > 1);
  if (doubled.length === 0)
    return ok([`${miners.length} miners, each at its own address`, `${miners.length} 台矿机，地址均不重复`]);
  const some = doubled
    .slice(0, 5)
    .map((ids) => ids.join(' = '))
    .join(', ');
  return failure(
    [
      `${doubled.length} addresses stand for several miners: ${some}`,
      `${doubled.length} 个地址对应多台矿机：${some}`,
    ],
    [
      'Correct the addresses, or take one of each out of the configuration.',
      '请更正地址，或从配置中删除重复项。',
    ],
  );
};

/** The /24 or /64 that an address lies in; names by themselves. */
export const subnetOf = (host: string): string => {
  if (isIP(host) === 4) return `${host.split('.').slice(0, 3).join('.')}.0/24`;
  if (isIP(host) === 6) return `${host.split(':').slice(0, 4).join(':')}::/64`;
  return host;
};

/** Asks every miner once, beside nothing else that is under way, and says where those are that do not answer. */
export const checkSweep = async (config: GatewayConfig): Promise<readonly Finding[]> => {
  const { ok, skipped, warning, failure } = findings('sweep');
  if (config.miners.length === 0) return [skipped(['no miners are known', '没有已知矿机'])];
  const { limits, pollIntervalMs } = config;
  const seats = new Semaphore(limits.sockets);
  const deadline = AbortSignal.timeout(limits.sweepMs);
  const begun = performance.now();
  const silent = new Map<string, { silent: number; all: number }>();
  const miners = [...openMiners(config, Date.now, await newGatewayKeys()).values()];
  await Promise.all(
    miners.map(({ adapter, configured }) =>
      seats.run(async () => {
        const { reading } = await adapter.read('core', deadline);
        const subnet = subnetOf(configured.host);
        const count = silent.get(subnet) ?? { silent: 0, all: 0 };
        silent.set(subnet, count);
        count.all++;
        if (reading.state === 'unreachable') count.silent++;
      }),
    ),
  );
  const seconds = Math.round((performance.now() - begun) / 100) / 10;
  const limitS = Math.min(limits.sweepMs, pollIntervalMs) / 1_000;
  const time =
    seconds < limitS
      ? ok([
          `a sweep of ${miners.length} miners takes ${seconds} s`,
          `巡检 ${miners.length} 台矿机用时 ${seconds} 秒`,
        ])
      : failure(
          [
            `a sweep takes ${seconds} s, longer than the ${limitS} s it has`,
            `巡检用时 ${seconds} 秒，超过允许的 ${limitS} 秒`,
          ],
          [
            'Raise limits.sockets or pollIntervalMs, or give a part of the miners to another gateway.',
            '请提高 limits.sockets 或 pollIntervalMs，或将部分矿机交给另一台网关。',
          ],
        );
  const away = [...silent]
    .filter(([, count]) => count.silent > 0)
    .toSorted((a, b) => b[1].silent - a[1].silent);
  return [
    time,
    ...away
      .slice(0, 20)
      .map(([subnet, count]) =>
        count.silent === count.all
          ? failure(
              [`${subnet}: none of ${count.all} miners answers`, `${subnet}：${count.all} 台矿机全部无响应`],
              [
                'A whole subnet is silent: see its switch, its power, and the route from this machine.',
                '整个网段无响应：请检查交换机、供电以及本机到该网段的路由。',
              ],
            )
          : warning(
              [
                `${subnet}: ${count.silent} of ${count.all} miners do not answer`,
                `${subnet}：${count.all} 台矿机中有 ${count.silent} 台无响应`,
              ],
              [
                'See their power and network cables, and whether their API is switched on.',
                '请检查其供电与网线，以及 API 是否已开启。',
              ],
            ),
      ),
  ];
};
