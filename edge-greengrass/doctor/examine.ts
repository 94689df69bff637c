import { type GatewayConfig, readGatewayConfig } from '../config.ts';
import { openDisk } from '../sealing/edge-sealing.ts';
import { settleMiners } from '../sealing/sealed-miners.ts';
import { checkKeys } from './check-keys.ts';
import { checkApi, checkBroker, checkNames, cloudHosts } from './check-lines.ts';
import { checkDisk, checkNode, checkOpenFiles } from './check-machine.ts';
import { checkAddresses, checkPasswords, checkSweep } from './check-miners.ts';
import { checkPort, findRunning } from './check-ports.ts';
import { checkStateFile } from './check-state.ts';
import { type Finding, findings } from './finding.ts';

type Options = {
  readonly configPath: string;
  readonly stateDir: string;
  /** Whether miners may be asked; never beside a gateway that runs, whose own sweeps count then. */
  readonly sweep: boolean;
  readonly nowMs?: () => number;
};

const config = findings('config');

const readConfig = (file: string): GatewayConfig | Finding => {
  try {
    return readGatewayConfig(file);
  } catch (error) {
    const reason = error instanceof Error ? error.message : '';
    return config.failure(
      [reason, reason],
      [
        'Correct the named fields; edge-greengrass/config.ts says what each may be.',
        '请更正所列字段；各字段的取值见 edge-greengrass/config.ts。',
      ],
    );
  }
};

/** With the miners that are sealed in the state directory, where the file has none. Seals nothing by itself. */
const withMiners = async (
  read: GatewayConfig,
  stateDir: string,
): Promise<{ readonly config: GatewayConfig; readonly finding?: Finding }> => {
  if (read.miners.length > 0) return { config: read };
  try {
    return { config: await settleMiners(read, stateDir, await openDisk(read, stateDir), undefined) };
  } catch {
    const finding = findings('sealed_miners').failure(
      ['the sealed miners cannot be opened', '无法打开已密封的矿机清单'],
      [
        'The key service of sealing.disk is away, or its key is not the one they were sealed under.',
        'sealing.disk 的密钥服务不可用，或其密钥不是密封时所用的密钥。',
      ],
    );
    return { config: read, finding };
  }
};

/** Everything that can be wrong with a gateway on this machine, in the order in which it is best put right. */
export const examine = async ({
  configPath,
  stateDir,
  sweep,
  nowMs = Date.now,
}: Options): Promise<Finding[]> => {
  const found: Finding[] = [checkNode()];
  const read = readConfig(configPath);
  if ('check' in read) return [...found, read];
  found.push(config.ok(['the configuration is valid', '配置有效']));
  const { config: known, finding } = await withMiners(read, stateDir);
  if (finding) found.push(finding);
  const running = read.local && (await findRunning(read.local));
  found.push(
    ...(await checkPort(read.local, running)),
    checkOpenFiles(read.limits.sockets),
    ...checkDisk(stateDir, read.limits),
    checkStateFile(stateDir),
    ...checkKeys(read, stateDir, nowMs()),
    ...(await checkNames(cloudHosts(read))),
  );
  if (read.cloud) found.push(...(await checkApi(read.cloud, read.limits.clockSkewMs, nowMs)));
  else
    found.push(
      findings('clock').skipped([
        'without cloud.url the clock cannot be compared',
        '未配置 cloud.url，无法比较时钟',
      ]),
    );
  if (read.mqtt && !found.some(({ check, level }) => check === 'keys' && level === 'failure'))
    found.push(await checkBroker(read.mqtt));
  found.push(...checkPasswords(read.miners.length, known.miners), checkAddresses(known.miners));
  if (!sweep) return found;
  if (running)
    found.push(
      findings('sweep').skipped([
        'a gateway runs and sweeps already: see its page',
        '已有网关在运行并巡检：请查看其本地页面',
      ]),
    );
  else found.push(...(await checkSweep(known)));
  return found;
};
