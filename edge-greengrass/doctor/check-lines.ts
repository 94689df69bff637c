import { lookup } from 'node:dns/promises';
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { connect } from 'node:tls';
import type { CloudConfig, GatewayConfig, MqttConfig } from '../config.ts';
import { type Finding, findings } from './finding.ts';

const patienceMs = 10_000;
/** A broker that does not take the client's certificate says so after the handshake. */
const secondThoughtsMs = 750;

export const checkNames = async (hosts: readonly string[]): Promise<readonly Finding[]> => {
  const { ok, failure } = findings('dns');
  const names = [...new Set(hosts)].filter((host) => isIP(host) === 0);
  return Promise.all(
    names.map(async (name) => {
      const begun = performance.now();
      try {
        await lookup(name);
        const ms = Math.round(performance.now() - begun);
        return ok([`${name} resolves in ${ms} ms`, `${name} 解析用时 ${ms} 毫秒`]);
      } catch {
        return failure(
          [`${name} does not resolve`, `${name} 无法解析`],
          [
            'See the DNS server of this machine, and the name in the configuration.',
            '请检查本机 DNS 服务器以及配置中的域名。',
          ],
        );
      }
    }),
  );
};

/**
 * The way to the broker as far as it can be gone without taking the running gateway's session: name, TCP, TLS with both certificates.
 */
export const checkBroker = ({ host, port, caPath, certPath, keyPath }: MqttConfig): Promise<Finding> => {
  const { ok, failure } = findings('broker');
  const where = `${host}:${port}`;
  return new Promise((resolve) => {
    const begun = performance.now();
    let shaken: number | undefined;
    let settle: NodeJS.Timeout | undefined;
    const tell = (finding: Finding) => {
      clearTimeout(settle);
      socket.destroy();
      resolve(finding);
    };
    const broken = (reason: string) =>
      tell(
        shaken === undefined
          ? failure(
              [`no TLS connection to ${where}: ${reason}`, `无法与 ${where} 建立 TLS 连接：${reason}`],
              [
                'See that the firewall lets this machine out to that port, and that mqtt.caPath is the broker’s authority.',
                '请确认防火墙允许本机访问该端口，且 mqtt.caPath 是该代理的证书颁发机构。',
              ],
            )
          : failure(
              [`${where} closes the connection: ${reason}`, `${where} 关闭了连接：${reason}`],
              [
                'Most often the certificate is not active in the cloud: register the gateway anew or activate it.',
                '通常是证书在云端未激活：请重新注册网关或激活证书。',
              ],
            ),
      );
    const socket = connect({
      host,
      port,
      ca: readFileSync(caPath),
      cert: readFileSync(certPath),
      key: readFileSync(keyPath),
      ...(isIP(host) === 0 && { servername: host }),
      timeout: patienceMs,
    });
    socket.once('secureConnect', () => {
      shaken = performance.now() - begun;
      settle = setTimeout(() => {
        const ms = Math.round(shaken ?? 0);
        tell(ok([`${where} takes the certificate, ${ms} ms`, `${where} 接受证书，用时 ${ms} 毫秒`]));
      }, secondThoughtsMs);
    });
    socket.once('timeout', () => broken('timeout'));
    socket.once('error', (error) => broken('code' in error ? String(error.code) : error.name));
    socket.once('close', () => broken('closed'));
  });
};

const secondsOf = (ms: number) => Math.round(ms / 100) / 10;

/** One request without credentials: whether the API answers, and how far this machine's clock is from its Date. */
export const checkApi = async (
  { url }: CloudConfig,
  clockSkewMs: number,
  nowMs: () => number,
): Promise<readonly Finding[]> => {
  const api = findings('api');
  const clock = findings('clock');
  const begunMs = nowMs();
  try {
    const answer = await fetch(new URL('/api/edge/v1/credentials', url), {
      redirect: 'manual',
      signal: AbortSignal.timeout(patienceMs),
    });
    const endedMs = nowMs();
    await answer.body?.cancel();
    const reached =
      answer.status < 500
        ? api.ok([`the API answers in ${endedMs - begunMs} ms`, `API 响应用时 ${endedMs - begunMs} 毫秒`])
        : api.failure(
            [`the API answers ${answer.status}`, `API 返回 ${answer.status}`],
            ['The cloud has trouble: try again later.', '云端出现问题：请稍后再试。'],
          );
    const said = Date.parse(answer.headers.get('date') ?? '');
    if (Number.isNaN(said))
      return [reached, clock.skipped(['the API does not say its time', 'API 未返回时间'])];
    // Its date is cut to the second, so half a second later on average.
    const skewMs = Math.round((begunMs + endedMs) / 2 - (said + 500));
    const words: readonly [string, string] = [
      `the clock is ${secondsOf(Math.abs(skewMs))} s ${skewMs < 0 ? 'behind' : 'ahead'}`,
      `时钟${skewMs < 0 ? '慢' : '快'} ${secondsOf(Math.abs(skewMs))} 秒`,
    ];
    const todo: readonly [string, string] = [
      `Set the clock and keep it by NTP (timedatectl set-ntp true): beyond ${secondsOf(clockSkewMs)} s commands are refused.`,
      `请校准时钟并启用 NTP（timedatectl set-ntp true）：偏差超过 ${secondsOf(clockSkewMs)} 秒时命令会被拒绝。`,
    ];
    const off = Math.abs(skewMs);
    const time =
      off > clockSkewMs
        ? clock.failure(words, todo)
        : off > clockSkewMs / 6
          ? clock.warning(words, todo)
          : clock.ok(['the clock agrees with the cloud’s', '时钟与云端一致']);
    return [reached, time];
  } catch (error) {
    const reason =
      error instanceof Error ? (error.cause instanceof Error ? error.cause.message : error.name) : '';
    return [
      api.failure(
        [`the API cannot be reached: ${reason}`, `无法访问 API：${reason}`],
        [
          'See that the firewall lets this machine out over HTTPS, and cloud.url. The gateway goes on with MQTT alone.',
          '请确认防火墙允许本机通过 HTTPS 访问外网，并检查 cloud.url。网关会继续仅使用 MQTT。',
        ],
      ),
      clock.skipped(['without the API the clock cannot be compared', '无法访问 API，无法比较时钟']),
    ];
  }
};

/** The names that the gateway has to resolve, without its miners'. */
export const cloudHosts = ({ mqtt, cloud }: Pick<GatewayConfig, 'mqtt' | 'cloud'>) => [
  ...(mqtt ? [mqtt.host] : []),
  ...(cloud ? [new URL(cloud.url).hostname] : []),
];
