import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { text } from 'node:stream/consumers';
import * as z from 'zod';
import { SealingError } from './sealing-error.ts';

export type IotCredentialsOptions = {
  readonly host: string;
  readonly port: number;
  readonly roleAlias: string;
  readonly thingName: string;
  readonly caPath: string;
  readonly certPath: string;
  readonly keyPath: string;
};

const answered = z.object({
  credentials: z.object({
    accessKeyId: z.string().min(1),
    secretAccessKey: z.string().min(1),
    sessionToken: z.string().min(1),
    expiration: z.iso.datetime().transform((at) => new Date(at)),
  }),
});

/**
 * Credentials for AWS from AWS IoT's credentials provider, against the gateway's own certificate: a role for an hour, in which
 * the thing's name stands, so that key policies can tell gateways apart. The SDK asks again before they expire.
 */
export const iotCredentials =
  ({ host, port, roleAlias, thingName, caPath, certPath, keyPath }: IotCredentialsOptions) =>
  () =>
    new Promise<z.output<typeof answered>['credentials']>((resolve, reject) => {
      const fail = (fault: 'denied' | 'unavailable') => reject(new SealingError(fault));
      const asking = request(
        {
          host,
          port,
          servername: host,
          path: `/role-aliases/${encodeURIComponent(roleAlias)}/credentials`,
          headers: { 'x-amzn-iot-thingname': thingName },
          ca: readFileSync(caPath),
          cert: readFileSync(certPath),
          key: readFileSync(keyPath),
          agent: false,
          timeout: 10_000,
        },
        (response) => {
          text(response).then(
            (body) => {
              if (response.statusCode === 403) return fail('denied');
              const parsed = z
                .string()
                .transform((json) => JSON.parse(json))
                .pipe(answered)
                .safeParse(body);
              if (response.statusCode === 200 && parsed.success) resolve(parsed.data.credentials);
              else fail('unavailable');
            },
            () => fail('unavailable'),
          );
        },
      );
      asking.on('timeout', () => asking.destroy());
      asking.on('error', () => fail('unavailable'));
      asking.end();
    });
