import { createPrivateKey, X509Certificate } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import type { GatewayConfig } from '../config.ts';
import { type Finding, findings } from './finding.ts';

const dayMs = 86_400_000;
const soonDays = 14;
const { ok, skipped, warning, failure } = findings('keys');

/** Who else may read a file that is the gateway's alone. */
const isOpenToOthers = (file: string) => process.platform !== 'win32' && (statSync(file).mode & 0o077) !== 0;

const openFile = (name: string): Finding =>
  warning(
    [`${name} may be read by others on this machine`, `本机其他用户可读取 ${name}`],
    [`Take their rights: chmod 600 on ${name}.`, `请收回权限：对 ${name} 执行 chmod 600。`],
  );

/** A certificate with its key, in words that hold neither. */
const judgeCertificate = (pem: string, keyPem: string, nowMs: number): Finding => {
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(pem);
    if (!certificate.checkPrivateKey(createPrivateKey(keyPem)))
      return failure(
        ['the private key is not that of the certificate', '私钥与证书不匹配'],
        ['Put the pair that belongs together in place.', '请放置相互匹配的证书与私钥。'],
      );
  } catch {
    return failure(
      ['certificate or key cannot be read', '证书或私钥无法读取'],
      [
        'Both must be PEM; fetch them again or register the gateway anew.',
        '两者都必须是 PEM 格式；请重新获取，或重新注册网关。',
      ],
    );
  }
  const [fromMs, toMs] = [Date.parse(certificate.validFrom), Date.parse(certificate.validTo)];
  const days = Math.floor((toMs - nowMs) / dayMs);
  if (nowMs < fromMs)
    return failure(
      ['the certificate is not valid yet', '证书尚未生效'],
      ['Most often the clock of this machine is wrong: set it.', '通常是本机时钟错误：请校准。'],
    );
  if (days < 0)
    return failure(
      [`the certificate expired ${-days} days ago`, `证书已过期 ${-days} 天`],
      [
        'Make a new claim in the console and register the gateway anew.',
        '请在控制台创建新的注册码并重新注册网关。',
      ],
    );
  return days < soonDays
    ? warning(
        [`the certificate expires in ${days} days`, `证书将在 ${days} 天后过期`],
        [
          'A gateway with `cloud` in its configuration replaces it by itself while it has a line; otherwise replace it now.',
          '配置了 cloud 的网关在线路正常时会自动更换；否则请立即更换。',
        ],
      )
    : ok([`the certificate is valid for ${days} days`, `证书有效期还有 ${days} 天`]);
};

const keyRing = z.object({
  certificates: z.array(z.object({ certificatePem: z.string(), keyPem: z.string() })).min(1),
  tokenExpiresAtMs: z.number(),
  rotateAtMs: z.number(),
});

const checkRing = (file: string, nowMs: number): Finding[] => {
  const found = isOpenToOthers(file) ? [openFile('keys.json')] : [];
  let ring: z.infer<typeof keyRing>;
  try {
    ring = keyRing.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return [
      ...found,
      failure(
        ['keys.json cannot be read', 'keys.json 无法读取'],
        [
          'Take it away and register the gateway with a new claim.',
          '请将其移走，并用新的注册码重新注册网关。',
        ],
      ),
    ];
  }
  const [newest] = ring.certificates;
  if (newest) found.push(judgeCertificate(newest.certificatePem, newest.keyPem, nowMs));
  if (ring.tokenExpiresAtMs <= nowMs)
    found.push(
      failure(
        ['the device token has expired', '设备令牌已过期'],
        ['Register the gateway with a new claim.', '请用新的注册码重新注册网关。'],
      ),
    );
  else if (ring.rotateAtMs < nowMs - dayMs)
    found.push(
      warning(
        ['the credentials should have been replaced by now', '凭据本应已更换'],
        ['See whether the gateway runs and reaches the API.', '请检查网关是否在运行并能访问 API。'],
      ),
    );
  return found;
};

export const checkKeys = (
  { mqtt, cloud }: Pick<GatewayConfig, 'mqtt' | 'cloud'>,
  stateDir: string,
  nowMs: number,
): readonly Finding[] => {
  const ring = join(stateDir, 'keys.json');
  if (cloud) {
    if (existsSync(ring)) return checkRing(ring, nowMs);
    return [
      cloud.claim === undefined
        ? failure(
            ['the gateway is not registered and has no claim', '网关未注册，也没有注册码'],
            [
              'Make a claim in the console and put it into cloud.claim.',
              '请在控制台创建注册码并填入 cloud.claim。',
            ],
          )
        : skipped(['the gateway registers at its first start', '网关将在首次启动时注册']),
    ];
  }
  if (!mqtt) return [skipped(['the nucleus holds the certificate', '证书由 Greengrass nucleus 保管'])];
  const missing = [mqtt.caPath, mqtt.certPath, mqtt.keyPath].filter((file) => !existsSync(file));
  if (missing.length > 0)
    return [
      failure(
        [`missing: ${missing.join(', ')}`, `缺少文件：${missing.join(', ')}`],
        ['Put the files where mqtt names them.', '请将文件放到 mqtt 配置指定的位置。'],
      ),
    ];
  return [
    ...(isOpenToOthers(mqtt.keyPath) ? [openFile('mqtt.keyPath')] : []),
    judgeCertificate(readFileSync(mqtt.certPath, 'utf8'), readFileSync(mqtt.keyPath, 'utf8'), nowMs),
  ];
};
