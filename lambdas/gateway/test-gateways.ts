import 'reflect-metadata';

import { webcrypto } from 'node:crypto';
import { TransactWriteCommand } from '@aws-sdk/lib-dynamodb';
import * as x509 from '@peculiar/x509';
import * as z from 'zod';
import { gatewayPolicy, startForTest } from '../../local/iot/test-iot.ts';
import { startTables } from '../../test/support/tables.ts';
import { fleetKeys } from '../fleet/fleet-keys.ts';
import { authenticateDevice } from './authenticate-device.ts';
import { readCertificateRequest } from './certificate-request.ts';
import { bindZones, requestRotation, revokeGateway } from './change-gateway.ts';
import * as claims from './claim-repository.ts';
import { createClaim, endClaim, endDueClaims } from './create-claim.ts';
import { findNameHolder, findSiteOfGateway, missingZones } from './gateway-names.ts';
import { insertGateway, listGateways, readGateway, replaceGateway } from './gateway-repository.ts';
import { provisionByClaim } from './provision-by-claim.ts';
import { publicKeyHashOf } from './public-key.ts';
import { registerByClaim } from './register-by-claim.ts';
import { registerGateway } from './register-gateway.ts';
import { retireCertificates } from './retire-certificates.ts';
import { rotateCredentials } from './rotate-credentials.ts';
import { servedMiners } from './served-miners.ts';
import { disconnectGateway, thingRegistry } from './thing-registry.ts';

/** A new key and a request for a certificate. */
export const newRequest = async (namedCurve = 'P-256', hash = 'SHA-256') => {
  const wanted = { name: 'ECDSA', namedCurve, hash };
  const keys = await webcrypto.subtle.generateKey(wanted, true, ['sign', 'verify']);
  const csr = await x509.Pkcs10CertificateRequestGenerator.create(
    { name: 'CN=gateway', keys, signingAlgorithm: wanted },
    webcrypto,
  );
  const pkcs8 = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
  return { csrPem: csr.toString('pem'), keyPem: x509.PemConverter.encode(pkcs8, 'PRIVATE KEY') };
};

const connection = z.object({ clientId: z.string(), principalIdentifier: z.string() });

export const owner = { tenantId: 'demo', siteId: 7 };
export const person = { actor_type: 'user', actor_id: '1' } as const;

/** The use cases over real tables and a real broker with its registry; only KMS is a stand-in. */
export const startGateways = async () => {
  const tables = await startTables([{ name: 'audit' }, { name: 'fleet' }]);
  const heard: ((event: string) => Promise<unknown>)[] = [];
  const local = await startForTest({
    sendToQueue: async (_queue, body) => {
      for (const hear of heard) await hear(body);
    },
  });
  await local.create('AWS::IoT::Policy', 'ClaimPolicy', {
    PolicyName: 'claim',
    PolicyDocument: { ...gatewayPolicy, Statement: [] },
  });
  const store = { db: tables.db, auditTable: tables.nameOf('audit'), fleetTable: tables.nameOf('fleet') };
  const things = thingRegistry(local.registry, 'gateway');
  let nowMs = Date.parse('2027-01-15T08:00:00.000Z');
  const [host = '', port] = local.iot.mqttEndpoint.split(':');
  const retireClaim = (certificateId: string) => things.retireClaim('claim', certificateId);
  const deps = {
    findClaim: claims.findClaim(store),
    readGateway: readGateway(store),
    insertGateway: insertGateway(store),
    replaceGateway: replaceGateway(store),
    claimUseItem: claims.claimUseItem(store),
    findSite: findSiteOfGateway(store),
    findNameHolder: findNameHolder(store),
    missingZones: missingZones(store),
    servedMiners: servedMiners(store),
    insertClaim: claims.insertClaim(store),
    endClaim: claims.endClaim(store),
    listEnding: claims.listEnding(store),
    forgetEnding: claims.forgetEnding(store),
    readCertificateRequest,
    publicKeyHashOf,
    certify: things.certify,
    readPem: things.readPem,
    activate: things.activate,
    makeIdentity: things.makeIdentity,
    makeClaimIdentity: () => things.makeClaimIdentity('claim'),
    retire: things.retire,
    retireClaim,
    certificatesOf: things.certificatesOf,
    disconnect: disconnectGateway(local.data),
    seal: async (_record: object, secret: Uint8Array) => Uint8Array.from(secret, (byte) => byte ^ 0xff),
    mqttEndpoint: async () => ({ host, port: Number(port) }),
    template: 'gateways',
    clock: { nowMs: () => nowMs },
  };
  return {
    local,
    store,
    deps,
    things,
    nowMs: () => nowMs,
    pass: (ms: number) => {
      nowMs += ms;
    },
    claim: createClaim(deps),
    endClaim: endClaim(deps),
    endDueClaims: endDueClaims(deps),
    readClaim: claims.readClaim(store),
    listClaims: claims.listClaims(store),
    register: registerByClaim(deps),
    registerByHand: registerGateway(deps),
    provision: provisionByClaim(deps),
    rotate: rotateCredentials(deps),
    requestRotation: requestRotation(deps),
    bindZones: bindZones(deps),
    /** As lambdas/fleet writes one: with the count of the site's changes. */
    putMiner: (item: Record<string, unknown>) =>
      store.db.send(
        new TransactWriteCommand({
          TransactItems: [
            { Put: { TableName: store.fleetTable, Item: item } },
            {
              Update: {
                TableName: store.fleetTable,
                Key: fleetKeys.registry(owner.siteId),
                UpdateExpression: 'ADD version :one',
                ExpressionAttributeValues: { ':one': 1 },
              },
            },
          ],
        }),
      ),
    authenticate: authenticateDevice(deps),
    retireCertificates: retireCertificates(deps),
    revoke: revokeGateway(deps),
    /** Wires AWS IoT's lifecycle events to what they are for. */
    hearConnections: async () => {
      await local.rule('connected', {
        Sql: "SELECT clientId, principalIdentifier FROM '$aws/events/presence/connected/+'",
        AwsIotSqlVersion: '2016-03-23',
        RuleDisabled: false,
        Actions: [
          { Sqs: { QueueUrl: 'http://queue/1', RoleArn: 'arn:aws:iam::0:role/r', UseBase64: false } },
        ],
      });
      heard.push(async (body) => {
        const { clientId, principalIdentifier } = connection.parse(JSON.parse(body));
        await retireCertificates(deps)(clientId, principalIdentifier);
      });
    },
    readGateway: deps.readGateway,
    listGateways: listGateways(store),
    close: async () => {
      await local.close();
      await tables.close();
    },
  };
};
export type Gateways = Awaited<ReturnType<typeof startGateways>>;
