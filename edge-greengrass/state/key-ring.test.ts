import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { GatewayCredentialSet } from '../../contracts/gateway-keys.ts';
import { KeyRing } from './key-ring.ts';

let stateDir: string;
beforeEach(() => {
  stateDir = mkdtempSync(join(tmpdir(), 'keys-'));
});
afterEach(() => rmSync(stateDir, { recursive: true }));

const place = { siteId: 7, gatewayId: 'gw-7' };
const tokenOf = (generation: number) => `hid.7.gw-7.${String(generation).padStart(43, '0')}`;
const idOf = (generation: number) => String(generation).padStart(64, '0');
const setOf = (generation: number, withCertificate = true): GatewayCredentialSet => ({
  generation,
  ...(withCertificate && {
    certificate: { certificate_id: idOf(generation), certificate_pem: `CERT ${generation}` },
  }),
  mqtt_host: 'localhost',
  mqtt_port: 8_883,
  hmac_key_id: `k-${generation}`,
  hmac_secret: Buffer.alloc(32, generation).toString('base64'),
  device_token: tokenOf(generation),
  issued_at_ms: generation,
  rotate_at_ms: 1_000 + generation,
  token_expires_at_ms: 2_000 + generation,
});

it('is empty before the registration, and keeps what it is given over a restart', () => {
  const keys = new KeyRing(stateDir);
  expect(keys.isRegistered).toBe(false);
  expect(() => keys.held).toThrow('needs a claim');
  keys.keep(place, setOf(1), 'KEY 1');
  const again = new KeyRing(stateDir);
  expect(again.held).toMatchObject({ ...place, mqtt: { host: 'localhost', port: 8_883 }, rotateAtMs: 1_001 });
  expect(again.secrets.get('k-1')).toBe(setOf(1).hmac_secret);
});

it('holds old and new side by side, newest first, until each of them has worked', () => {
  const keys = new KeyRing(stateDir);
  for (const generation of [1, 2, 3]) keys.keep(place, setOf(generation), `KEY ${generation}`);
  expect(keys.held.tokens).toEqual([3, 2, 1].map(tokenOf));
  keys.tokenWorked(tokenOf(2));
  expect(keys.held.tokens).toEqual([tokenOf(2)]);
  keys.secretWorked('k-2');
  expect([...keys.secrets.keys()]).toEqual(['k-3', 'k-2']);
  expect(keys.held.certificates.map(({ certificateId }) => certificateId)).toEqual([3, 2, 1].map(idOf));
  keys.certificateWorked(idOf(3));
  expect(keys.held.certificates).toEqual([
    { certificateId: idOf(3), certificatePem: 'CERT 3', keyPem: 'KEY 3' },
  ]);
  keys.certificateWorked('none');
  keys.tokenWorked('none');
  keys.secretWorked('none');
  const again = new KeyRing(stateDir);
  expect(again.held).toEqual(keys.held);
});

it('keeps the certificate where a set brings none, and writes the one that surely works to files', () => {
  const keys = new KeyRing(stateDir);
  keys.keep(place, setOf(1), 'KEY 1');
  keys.keep(place, setOf(2, false), 'KEY 2');
  expect(keys.held.certificates).toHaveLength(1);
  keys.keep(place, setOf(3), 'KEY 3');
  const { certPath, keyPath } = keys.asMqtt('ca.pem');
  expect(readFileSync(certPath, 'utf8')).toBe('CERT 1');
  keys.certificateWorked(idOf(3));
  expect([readFileSync(certPath, 'utf8'), readFileSync(keyPath, 'utf8')]).toEqual(['CERT 3', 'KEY 3']);
});

it('asks for one key until its certificate has come, also where it stopped between', () => {
  const keys = new KeyRing(stateDir);
  keys.keepPending({ csrPem: 'CSR', keyPem: 'KEY 1' });
  expect(new KeyRing(stateDir).pending()).toMatchObject({ csrPem: 'CSR' });
  keys.keep(place, setOf(1), 'KEY 1');
  expect(new KeyRing(stateDir).pending()).toBeUndefined();
});

it('is nobody else’s to read, and says so where it cannot be read', () => {
  const keys = new KeyRing(stateDir);
  keys.keepPending({ csrPem: 'CSR', keyPem: 'KEY' });
  keys.keep(place, setOf(1), 'KEY 1');
  for (const file of readdirSync(stateDir))
    expect([file, statSync(join(stateDir, file)).mode & 0o077]).toEqual([file, 0]);
  writeFileSync(join(stateDir, 'keys.json'), '{"version":1');
  expect(() => new KeyRing(stateDir)).toThrow('cannot be read as JSON');
});
