import { DescribeCertificateCommand } from '@aws-sdk/client-iot';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gatewayCredentialSet } from '../../contracts/gateway-keys.ts';
import { closing } from '../../local/iot/test-iot.ts';
import { type ChainLink, verifyChain } from '../audit/audit-chain.ts';
import { readHead, walkLinks } from '../audit/audit-repository.ts';
import { fleetKeys } from '../fleet/fleet-keys.ts';
import type { Result } from '../shared/result.ts';
import { repeatMs } from './claim.ts';
import { tokenLifeMs } from './gateway.ts';
import { type Gateways, newRequest, owner, person, startGateways } from './test-gateways.ts';

let cloud: Gateways;
beforeAll(async () => {
  cloud = await startGateways();
});
afterAll(() => cloud.close());

const unwrap = <T>(result: Result<T>): T => {
  if (!result.ok) throw new Error(result.failure.message);
  return result.value;
};
let count = 0;
const aClaim = async (
  gatewayId = `gw-${++count}`,
  more: { with_certificate?: boolean; hours?: number } = {},
) =>
  unwrap(
    await cloud.claim(owner, person, {
      gateway_id: gatewayId,
      name: 'Gateway',
      zone_ids: 'all',
      valid_for_hours: more.hours ?? 1,
      with_certificate: more.with_certificate ?? false,
    }),
  );
const registered = async (gatewayId?: string) => {
  const { claim, secret } = await aClaim(gatewayId);
  const request = await newRequest();
  const answer = unwrap(await cloud.register({ claim: secret.code, csr_pem: request.csrPem }));
  const { certificate } = answer.credentials;
  if (!certificate) throw new Error('no certificate');
  const identity = { cert: certificate.certificate_pem, key: request.keyPem };
  return {
    claim,
    secret,
    request,
    answer,
    gatewayId: answer.gateway_id,
    credentials: answer.credentials,
    certificate,
    identity,
  };
};
const bearer = (token: string) => `Bearer ${token}`;
const statusOf = async (certificateId: string) => {
  try {
    const found = await cloud.local.registry.send(new DescribeCertificateCommand({ certificateId }));
    return found.certificateDescription?.status;
  } catch {
    return 'gone';
  }
};
const refused = { ok: false, failure: { code: 'forbidden', message: 'Claim refused' } };

describe('registration by claim', () => {
  it('gives a certificate for the gateway’s own key, a secret and a token, and all of them work', async () => {
    const { gatewayId, credentials, certificate, identity, claim } = await registered();
    expect(gatewayCredentialSet.parse(credentials)).toMatchObject({ generation: 1 });
    expect(await cloud.authenticate(bearer(credentials.device_token))).toEqual({
      tenantId: 'demo',
      siteId: 7,
      gatewayId,
      zoneIds: 'all',
    });
    const client = await cloud.local.connect(gatewayId, identity);
    await client.subscribeAsync(`cmd/${gatewayId}/request`, { qos: 1 });
    await client.endAsync();
    const stored = await cloud.readGateway(7, gatewayId);
    expect(stored).toMatchObject({
      status: 'active',
      key_id: credentials.hmac_key_id,
      certificates: [{ certificate_id: certificate.certificate_id }],
    });
    expect(JSON.stringify(stored)).not.toContain(credentials.device_token);
    expect(await cloud.readClaim(7, claim.claim_id)).toMatchObject({ status: 'used' });
  });

  it('is there once: another key with the same claim is refused, the same key may ask again for an hour', async () => {
    const { secret, request, credentials, certificate, gatewayId } = await registered();
    const thief = await newRequest();
    expect(await cloud.register({ claim: secret.code, csr_pem: thief.csrPem })).toEqual(refused);
    const again = unwrap(await cloud.register({ claim: secret.code, csr_pem: request.csrPem }));
    expect(again.credentials.certificate).toEqual(certificate);
    expect(again.credentials.generation).toBe(2);
    expect(await cloud.authenticate(bearer(again.credentials.device_token))).toMatchObject({ gatewayId });
    expect(await cloud.authenticate(bearer(credentials.device_token))).toBeUndefined();
    cloud.pass(repeatMs);
    expect(await cloud.register({ claim: secret.code, csr_pem: request.csrPem })).toEqual(refused);
  });

  it('is taken by one of many who bring the same claim at once', async () => {
    const { secret } = await aClaim();
    const requests = await Promise.all(Array.from({ length: 6 }, () => newRequest()));
    const answers = await Promise.all(
      requests.map(({ csrPem }) => cloud.register({ claim: secret.code, csr_pem: csrPem })),
    );
    expect(answers.filter(({ ok }) => ok)).toHaveLength(1);
  });

  it('refuses claims that are made up, altered, late, withdrawn, alike', async () => {
    const { csrPem } = await newRequest();
    const { claim, secret } = await aClaim();
    const other = await aClaim();
    const altered = `${secret.code.slice(0, -2)}${secret.code.endsWith('AA') ? 'BB' : 'AA'}`;
    const swapped = `${secret.code.slice(0, 21)}${other.secret.code.slice(21)}`;
    for (const code of [altered, swapped, `hic.${'0'.repeat(16)}.${'A'.repeat(43)}`])
      expect(await cloud.register({ claim: code, csr_pem: csrPem })).toEqual(refused);
    expect(await cloud.endClaim(other.claim, 'withdrawn', person)).toBe(true);
    expect(await cloud.endClaim(other.claim, 'withdrawn', person)).toBe(false);
    expect(await cloud.register({ claim: other.secret.code, csr_pem: csrPem })).toEqual(refused);
    cloud.pass(3_600_000);
    expect(await cloud.register({ claim: secret.code, csr_pem: csrPem })).toEqual(refused);
    expect(await cloud.endDueClaims()).toMatchObject({ failed: 0 });
    expect(await cloud.readClaim(7, claim.claim_id)).toMatchObject({ status: 'expired' });
  });

  it('takes requests that are signed with their own, strong key alone', async () => {
    const { secret } = await aClaim();
    const [one, two] = await Promise.all([newRequest(), newRequest()]);
    const weak = await newRequest('P-521', 'SHA-512');
    const body = (pem: string) => Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ''), 'base64');
    const forged = body(one.csrPem);
    forged[forged.length - 5] = (forged.at(-5) ?? 0) ^ 1;
    const pem = (der: Buffer) =>
      `-----BEGIN CERTIFICATE REQUEST-----\n${der.toString('base64')}\n-----END CERTIFICATE REQUEST-----`;
    for (const csr of [
      pem(forged),
      weak.csrPem,
      pem(Buffer.from('nonsense')),
      pem(body(two.csrPem).subarray(0, 80)),
    ])
      expect(await cloud.register({ claim: secret.code, csr_pem: csr })).toMatchObject({
        ok: false,
        failure: { code: 'validation_failed' },
      });
    expect((await cloud.register({ claim: secret.code, csr_pem: two.csrPem })).ok).toBe(true);
  });

  it('refuses a name that another site has, and a zone that the site does not have', async () => {
    const { gatewayId } = await registered();
    const wanted = {
      gateway_id: gatewayId,
      name: 'Mine',
      zone_ids: 'all' as const,
      valid_for_hours: 1,
      with_certificate: false,
    };
    expect(await cloud.claim({ tenantId: 'rival', siteId: 8 }, person, wanted)).toMatchObject({
      ok: false,
      failure: { code: 'conflict' },
    });
    const zoned = { ...wanted, gateway_id: 'gw-zoned', zone_ids: ['nowhere'] };
    expect(await cloud.claim(owner, person, zoned)).toMatchObject({
      ok: false,
      failure: { message: 'zone_ids: nowhere is not a zone of this site' },
    });
  });

  it('reserves the name of an open claim: no other site claims or registers it until the claim has ended', async () => {
    const rival = { tenantId: 'rival', siteId: 8 };
    const named = { gateway_id: 'gw-wanted', name: 'Wanted', zone_ids: 'all' as const };
    const wanted = { ...named, valid_for_hours: 2, with_certificate: false };
    const taken = { ok: false, failure: { code: 'conflict', message: 'gateway_id gw-wanted is taken' } };
    const long = unwrap(await cloud.claim(owner, person, wanted));
    const short = unwrap(await cloud.claim(owner, person, { ...wanted, valid_for_hours: 1 }));
    expect(await cloud.claim(rival, person, wanted)).toMatchObject(taken);
    expect(await cloud.registerByHand(rival, person, named)).toMatchObject(taken);
    expect(await cloud.endClaim(short.claim, 'withdrawn', person)).toBe(true);
    cloud.pass(90 * 60_000);
    expect(await cloud.claim(rival, person, wanted)).toMatchObject(taken);
    expect(await cloud.endClaim(long.claim, 'withdrawn', person)).toBe(true);
    unwrap(await cloud.claim(rival, person, wanted));
    cloud.pass(2 * 3_600_000);
    const late = unwrap(await cloud.claim(owner, person, wanted));
    // The rival's claim is over and ended now; the name is not its any more.
    await cloud.endDueClaims();
    expect(await cloud.claim(rival, person, wanted)).toMatchObject(taken);
    const { csrPem } = await newRequest();
    expect(await cloud.register({ claim: late.secret.code, csr_pem: csrPem })).toMatchObject({ ok: true });
    expect(await cloud.claim(rival, person, wanted)).toMatchObject(taken);
    expect(await cloud.endClaim(late.claim, 'withdrawn', person)).toBe(false);
    expect(await cloud.registerByHand(rival, person, named)).toMatchObject(taken);
  });

  it('is bound to no zones that leave a miner of its outside, and keeps its zones when it registers anew', async () => {
    const { gatewayId } = await registered();
    const miner = (minerId: string, zone_id: string) => ({
      ...fleetKeys.miner(7, minerId),
      gateway_pk: fleetKeys.minersOfGateway(gatewayId),
      miner_id: minerId,
      vendor: 'antminer',
      model: 'Antminer S21',
      zone_id,
      gateway_id: gatewayId,
      rated_hashrate_ths: 200,
      rated_power_w: 3_500,
    });
    const bind = (zones: 'all' | string[]) => cloud.bindZones(7, gatewayId, person, zones);
    await cloud.putMiner(miner(`${gatewayId}-m1`, 'z1'));
    await cloud.putMiner(miner(`${gatewayId}-m2`, 'z2'));
    expect(await bind(['z1'])).toMatchObject({
      ok: false,
      failure: {
        code: 'validation_failed',
        message: 'zone_ids: 1 miners of this gateway are in other zones (z2); move them first',
      },
    });
    expect(unwrap(await bind(['z1', 'z2'])).zone_ids).toEqual(['z1', 'z2']);
    const wanted = { gateway_id: gatewayId, name: 'Again', valid_for_hours: 1, with_certificate: false };
    expect(await cloud.claim(owner, person, { ...wanted, zone_ids: 'all' })).toMatchObject({ ok: false });
    const { secret } = unwrap(await cloud.claim(owner, person, wanted));
    const again = await newRequest();
    const answer = unwrap(await cloud.register({ claim: secret.code, csr_pem: again.csrPem }));
    expect(answer.zone_ids).toEqual(['z1', 'z2']);

    // A miner that comes between the look and the write is not left outside.
    const [bound] = await Promise.all([
      cloud.bindZones(7, gatewayId, person, ['z1', 'z2']),
      ...['z1', 'z2', 'z1'].map((zone, at) => cloud.putMiner(miner(`${gatewayId}-n${at}`, zone))),
    ]);
    expect(unwrap(bound).zone_ids).toEqual(['z1', 'z2']);
  });

  it('over MQTT: the hook lets in who brings a good claim over its own certificate; HTTPS then gives the rest', async () => {
    const { claim, secret } = await aClaim(undefined, { with_certificate: true });
    const stranger = await aClaim(undefined, { with_certificate: true });
    const request = await newRequest();
    const issued = await cloud.things.certify({ siteId: 7, gatewayId: claim.gateway_id }, request.csrPem);
    const ask = (claimCertificateId: string, code = secret.code) =>
      cloud.provision({
        claimCertificateId,
        certificateId: issued.certificateId,
        certificatePem: issued.certificatePem,
        parameters: { Claim: code },
      });
    const own = claim.certificate_id ?? '';
    expect(await ask(stranger.claim.certificate_id ?? '')).toEqual({ allowProvisioning: false });
    expect(await ask(own, stranger.secret.code)).toEqual({ allowProvisioning: false });
    const allowed = {
      allowProvisioning: true,
      parameterOverrides: { GatewayId: claim.gateway_id, SiteId: '7' },
    };
    expect(await ask(own)).toEqual(allowed);
    expect(await ask(own)).toEqual(allowed);
    expect(await statusOf(own)).toBe('ACTIVE');
    const answer = unwrap(await cloud.register({ claim: secret.code, csr_pem: request.csrPem }));
    expect(answer.credentials.certificate?.certificate_id).toBe(issued.certificateId);
    expect(await statusOf(own)).toBe('gone');
    expect((await cloud.register({ claim: secret.code, csr_pem: (await newRequest()).csrPem })).ok).toBe(
      false,
    );
  });
});

describe('registration by hand', () => {
  it('gives everything once, and says conflict afterwards', async () => {
    const wanted = { gateway_id: 'gw-hand', name: 'By hand' };
    const { gateway, credentials } = unwrap(await cloud.registerByHand(owner, person, wanted));
    expect(gateway).toMatchObject({ status: 'active', generation: 1 });
    expect(await cloud.authenticate(bearer(credentials.device_token))).toMatchObject({
      gatewayId: 'gw-hand',
    });
    const identity = { cert: credentials.certificate_pem, key: credentials.private_key_pem };
    await (await cloud.local.connect('gw-hand', identity)).endAsync();
    for (const of of [owner, { tenantId: 'rival', siteId: 8 }])
      expect(await cloud.registerByHand(of, person, wanted)).toMatchObject({
        ok: false,
        failure: { code: 'conflict' },
      });
  });
});

describe('rotation', () => {
  it('keeps old and new valid together, and ends the old with the first use of the new', async () => {
    const { gatewayId, credentials, certificate, identity } = await registered();
    const who = await cloud.authenticate(bearer(credentials.device_token));
    if (!who) throw new Error('not let in');
    const old = await cloud.local.connect(gatewayId, identity);
    const request = await newRequest();
    const next = unwrap(await cloud.rotate(who, request.csrPem));
    expect(next.generation).toBe(2);
    expect(next.certificate?.certificate_id).not.toBe(certificate.certificate_id);
    const stored = async () => cloud.readGateway(7, gatewayId);
    // Until its first use, the old one signs and opens.
    expect(await stored()).toMatchObject({
      key_id: credentials.hmac_key_id,
      next: { key_id: next.hmac_key_id },
    });
    expect(await cloud.authenticate(bearer(credentials.device_token))).toBeDefined();
    expect(await cloud.authenticate(bearer(next.device_token))).toBeDefined();
    expect(await stored()).toMatchObject({ key_id: next.hmac_key_id, generation: 2 });
    expect((await stored())?.next).toBeUndefined();
    expect(await cloud.authenticate(bearer(credentials.device_token))).toBeUndefined();
    // The certificate goes by its own use.
    expect(old.connected).toBe(true);
    await old.endAsync();
    const { certificate: made } = next;
    if (!made) throw new Error('no certificate');
    await (
      await cloud.local.connect(gatewayId, { cert: made.certificate_pem, key: request.keyPem })
    ).endAsync();
    expect(await cloud.retireCertificates(gatewayId, certificate.certificate_id)).toEqual([]);
    expect(await cloud.retireCertificates(gatewayId, made.certificate_id)).toEqual([
      certificate.certificate_id,
    ]);
    expect(await cloud.retireCertificates(gatewayId, made.certificate_id)).toEqual([]);
    expect(await statusOf(certificate.certificate_id)).toBe('gone');
    await expect(cloud.local.connect(gatewayId, identity)).rejects.toThrow();
    await (
      await cloud.local.connect(gatewayId, { cert: made.certificate_pem, key: request.keyPem })
    ).endAsync();
  });

  it('gives the same certificate for the same key, and another set in place of one that nobody used', async () => {
    const { credentials, gatewayId } = await registered();
    const who = await cloud.authenticate(bearer(credentials.device_token));
    if (!who) throw new Error('not let in');
    const { csrPem } = await newRequest();
    const sets = [];
    for (let n = 0; n < 7; n++) sets.push(unwrap(await cloud.rotate(who, csrPem)));
    expect(new Set(sets.map(({ certificate }) => certificate?.certificate_id)).size).toBe(1);
    expect((await cloud.readGateway(7, gatewayId))?.certificates).toHaveLength(2);
    for (const { device_token } of sets.slice(0, -1))
      expect(await cloud.authenticate(bearer(device_token))).toBeUndefined();
    expect(await cloud.authenticate(bearer(sets.at(-1)?.device_token ?? ''))).toBeDefined();
  });

  it('stops at some certificates that nobody uses, and goes on without one', async () => {
    const { credentials } = await registered();
    const who = await cloud.authenticate(bearer(credentials.device_token));
    if (!who) throw new Error('not let in');
    const outcomes: boolean[] = [];
    for (let n = 0; n < 6; n++) outcomes.push((await cloud.rotate(who, (await newRequest()).csrPem)).ok);
    expect(outcomes).toEqual([true, true, true, true, false, false]);
    expect((await cloud.rotate(who, undefined)).ok).toBe(true);
  });

  it('takes up a set once, by whichever of many requests is first', async () => {
    const { credentials } = await registered();
    const who = await cloud.authenticate(bearer(credentials.device_token));
    if (!who) throw new Error('not let in');
    const { device_token } = unwrap(await cloud.rotate(who, undefined));
    const before = (await readHead(cloud.store)(7))?.seq ?? 0;
    const asked = await Promise.all(
      Array.from({ length: 8 }, () => cloud.authenticate(bearer(device_token))),
    );
    expect(asked.every((one) => one !== undefined)).toBe(true);
    expect(((await readHead(cloud.store)(7))?.seq ?? 0) - before).toBe(1);
  });

  it('is over with the token’s time; a claim lets the gateway in again, with its old record', async () => {
    const { credentials, gatewayId, identity } = await registered();
    cloud.pass(tokenLifeMs);
    expect(await cloud.authenticate(bearer(credentials.device_token))).toBeUndefined();
    const again = await registered(gatewayId);
    expect(again.credentials.generation).toBe(2);
    expect(await cloud.authenticate(bearer(again.credentials.device_token))).toBeDefined();
    // Its former certificate counts until the new one is used.
    await (await cloud.local.connect(gatewayId, identity)).endAsync();
  });
});

describe('revocation', () => {
  it('ends token, secret, certificates and connection at once, and may be repeated', async () => {
    const { credentials, gatewayId, identity } = await registered();
    const who = await cloud.authenticate(bearer(credentials.device_token));
    if (!who) throw new Error('not let in');
    const next = unwrap(await cloud.rotate(who, (await newRequest()).csrPem));
    const client = await cloud.local.connect(gatewayId, identity, { clean: false });
    const closed = closing(client);
    expect((await cloud.revoke(7, gatewayId, person, 'stolen')).ok).toBe(true);
    await closed;
    for (const token of [credentials.device_token, next.device_token])
      expect(await cloud.authenticate(bearer(token))).toBeUndefined();
    await expect(cloud.local.connect(gatewayId, identity)).rejects.toThrow();
    expect(await cloud.things.certificatesOf(gatewayId)).toEqual([]);
    expect(await cloud.rotate(who, undefined)).toMatchObject({
      ok: false,
      failure: { code: 'not_authenticated' },
    });
    expect(await cloud.readGateway(7, gatewayId)).toMatchObject({ status: 'revoked' });
    expect((await cloud.revoke(7, gatewayId, person, 'stolen')).ok).toBe(true);
    expect(await cloud.revoke(7, 'gw-none', person, 'stolen')).toMatchObject({
      ok: false,
      failure: { code: 'not_found' },
    });
    // A claim brings it back, with nothing of before.
    const back = await registered(gatewayId);
    expect(await cloud.authenticate(bearer(back.credentials.device_token))).toBeDefined();
    expect(await cloud.authenticate(bearer(credentials.device_token))).toBeUndefined();
  });
});

it('lets nobody in on anything that is not a token', async () => {
  const { credentials } = await registered();
  const token = credentials.device_token;
  const wrong = [
    undefined,
    '',
    token,
    `Basic ${token}`,
    `Bearer  ${token}`,
    `Bearer ${token}x`,
    `Bearer ${token.slice(0, -1)}`,
  ];
  const elsewhere = [token.replace('hid.7.', 'hid.8.'), token.replace(/\.gw-\d+\./, '.gw-none.')];
  for (const header of [...wrong, ...elsewhere.map(bearer)])
    expect(await cloud.authenticate(header)).toBeUndefined();
});

it('has everything in an audit chain that verifies', async () => {
  const head = await readHead(cloud.store)(7);
  const links: ChainLink[] = [];
  for await (const link of walkLinks(cloud.store)(7, head.seq)) if (link) links.push(link);
  const types = new Set(links.map(({ event }) => event.type));
  for (const type of [
    'gateway.claim.created',
    'gateway.claim.used',
    'gateway.claim.ended',
    'fleet.gateway.registered',
    'gateway.credentials.issued',
    'gateway.credentials.taken_up',
    'gateway.certificate.retired',
    'gateway.access.revoked',
  ])
    expect(types).toContain(type);
  expect(verifyChain(links, head)).toMatchObject({ intact: true });
});
