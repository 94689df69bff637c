import { readFileSync } from 'node:fs';
import { connectAsync } from 'mqtt';
import * as z from 'zod';
import type { CloudConfig } from '../config.ts';
import type { KeyRing } from '../state/key-ring.ts';
import { pendingKey } from './register.ts';

const csrTopic = '$aws/certificates/create-from-csr/json';
const created = z.object({ certificateOwnershipToken: z.string() });
const rejected = z.object({ errorCode: z.string(), errorMessage: z.string() });
const registered = z.object({ thingName: z.string() });
const answerMs = 20_000;

/**
 * Has the gateway provisioned over MQTT with the claim's own certificate: a certificate for the gateway's own key, which the cloud's
 * pre-provisioning function lets in by the claim. The certificate comes again with the registration over HTTPS, so nothing is kept here.
 * Throws Error with AWS IoT's words where it is rejected.
 */
export const provisionOverMqtt = async (
  keys: KeyRing,
  { host, port, certPath, keyPath, template }: NonNullable<CloudConfig['provisioning']>,
  caPath: string,
  claim: string,
): Promise<string> => {
  const { csrPem } = await pendingKey(keys);
  const client = await connectAsync(`mqtts://${host}:${port}`, {
    clientId: `claim-${claim.split('.')[1] ?? ''}`,
    ca: readFileSync(caPath),
    cert: readFileSync(certPath),
    key: readFileSync(keyPath),
    protocolVersion: 4,
    clean: true,
    reconnectPeriod: 0,
    connectTimeout: 10_000,
  });
  try {
    const ask = async <T>(topic: string, request: object, schema: z.ZodType<T>): Promise<T> => {
      await client.subscribeAsync([`${topic}/accepted`, `${topic}/rejected`], { qos: 1 });
      const answer = new Promise<{ topic: string; body: unknown }>((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error('no answer to the provisioning in time')), answerMs);
        client.on('message', (heard, payload) => {
          if (!heard.startsWith(`${topic}/`)) return;
          clearTimeout(timer);
          resolve({ topic: heard, body: JSON.parse(payload.toString('utf8')) });
        });
        client.once('close', () => reject(new Error('the broker ended the provisioning')));
      });
      await client.publishAsync(topic, JSON.stringify(request), { qos: 1 });
      const { topic: heard, body } = await answer;
      if (heard.endsWith('/accepted')) return schema.parse(body);
      const { errorCode, errorMessage } = rejected.parse(body);
      throw new Error(`the provisioning was rejected: ${errorCode}, ${errorMessage}`);
    };
    const { certificateOwnershipToken } = await ask(csrTopic, { certificateSigningRequest: csrPem }, created);
    const provision = `$aws/provisioning-templates/${template}/provision/json`;
    const request = { certificateOwnershipToken, parameters: { Claim: claim } };
    const { thingName } = await ask(provision, request, registered);
    return thingName;
  } finally {
    await client.endAsync(true);
  }
};
