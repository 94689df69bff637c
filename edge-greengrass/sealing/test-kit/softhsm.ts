import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, globSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pkcs11Wrapper } from '../providers/pkcs11.ts';
import type { Subject } from './subject.ts';

const findModule = () =>
  [
    process.env.HASHINSIGHT_SOFTHSM_MODULE ?? '',
    '/usr/lib/softhsm/libsofthsm2.so',
    ...globSync('/usr/lib/*/softhsm/libsofthsm2.so'),
    '/usr/local/lib/softhsm/libsofthsm2.so',
    '/opt/homebrew/lib/softhsm/libsofthsm2.so',
  ].find((path) => path !== '' && existsSync(path));

/** Why the HSM's part of the suite cannot run here, or undefined where it can. */
export const whyNoSoftHsm = (): string | undefined => {
  if (!findModule()) return 'SoftHSM2 is not installed';
  for (const tool of ['softhsm2-util', 'pkcs11-tool'])
    if (spawnSync(tool, ['--help']).error) return `${tool} is not installed`;
  return undefined;
};

const pin = '624519';

/** A SoftHSM2 token of its own, with real RSA key pairs that were made in it and cannot leave it. */
export const startSoftHsm = async (): Promise<Subject> => {
  const directory = mkdtempSync(join(tmpdir(), 'softhsm-'));
  mkdirSync(join(directory, 'tokens'));
  const conf = join(directory, 'softhsm2.conf');
  writeFileSync(
    conf,
    `directories.tokendir = ${join(directory, 'tokens')}\nobjectstore.backend = file\nlog.level = ERROR\n`,
  );
  const before = process.env.SOFTHSM2_CONF;
  process.env.SOFTHSM2_CONF = conf;
  const modulePath = findModule() ?? '';
  const token = { modulePath, tokenLabel: 'hashinsight', pin };
  const tool = (...args: string[]) =>
    execFileSync(
      'pkcs11-tool',
      ['--module', modulePath, '--token-label', 'hashinsight', '--login', '--pin', 'env:TEST_PIN', ...args],
      { stdio: 'ignore', env: { ...process.env, TEST_PIN: pin } },
    );
  execFileSync(
    'softhsm2-util',
    ['--init-token', '--free', '--label', 'hashinsight', '--so-pin', '78412356', '--pin', pin],
    { stdio: 'ignore' },
  );
  const newPair = (id: string, keyType = 'rsa:2048') =>
    tool('--keypairgen', '--key-type', keyType, '--id', id, '--label', `sealing-${id}`, '--usage-decrypt');
  for (const id of ['01', '09']) newPair(id);
  const versions = ['01'];
  const open = (overrides = {}) =>
    pkcs11Wrapper({
      ...token,
      keyId: versions.at(-1) ?? '01',
      olderKeyIds: versions.slice(0, -1),
      // SoftHSM 2.6 implements OAEP with SHA-1 only.
      oaepHash: 'sha1',
      ...overrides,
    });
  return {
    wrapper: () => open(),
    other: () => open({ keyId: '09', olderKeyIds: versions }),
    rotate: async () => {
      versions.push(`0${versions.length + 1}`);
      newPair(versions.at(-1) ?? '');
    },
    disable: async () => {
      for (const id of versions) {
        for (const type of ['privkey', 'pubkey']) tool('--delete-object', '--type', type, '--id', id);
        // OpenSC's tool cannot take CKA_DECRYPT from a key: one that cannot decrypt stands in its place.
        newPair(id, 'EC:prime256v1');
      }
    },
    throttled: async () => open({ maxWaiting: 0 }),
    stranger: () => open({ pin: '000000' }),
    unreachable: () => open({ modulePath: '/nowhere/module.so' }),
    secrets: () => [pin],
    tamperEvery: 16,
    close: async () => {
      if (before === undefined) delete process.env.SOFTHSM2_CONF;
      else process.env.SOFTHSM2_CONF = before;
      rmSync(directory, { recursive: true });
    },
  };
};
