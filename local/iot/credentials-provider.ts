import { randomBytes, randomUUID } from 'node:crypto';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { TLSSocket } from 'node:tls';
import { type CertificateAuthority, certificateIdOf } from './certificate-authority.ts';

type Parts = {
  readonly port: number;
  readonly authority: CertificateAuthority;
  readonly isActive: (certificateId: string) => boolean;
  /** Seconds for which credentials of this role alias last, or undefined where there is none of the name. */
  readonly durationOf: (roleAlias: string) => number | undefined;
  readonly isAttached: (thing: string, certificateId: string) => boolean;
  /** Whether the certificate's policies allow `iot:AssumeRoleWithCertificate` on the alias. */
  readonly mayAssume: (roleAlias: string, certificateId: string, thing: string | undefined) => boolean;
};

/**
 * AWS IoT's credentials provider: `GET /role-aliases/<alias>/credentials` over mutual TLS, and `x-amzn-iot-thingname` for
 * whoever wants to be known as a thing. What the credentials permit is the cloud's: local services ask for none.
 */
export const startCredentialsProvider = async (parts: Parts) => {
  const { certificatePem, privateKeyPem } = await parts.authority.issueForServer();
  const server = createServer(
    {
      ca: parts.authority.certificatePem,
      cert: certificatePem,
      key: privateKeyPem,
      requestCert: true,
      rejectUnauthorized: true,
      minVersion: 'TLSv1.2',
    },
    (request, response) => {
      const answer = (status: number, body: object, errorType?: string) =>
        response
          .writeHead(status, {
            'content-type': 'application/json',
            'x-amzn-requestid': randomUUID(),
            ...(errorType !== undefined && { 'x-amzn-errortype': errorType }),
          })
          .end(JSON.stringify(body));
      const denied = (message: string) => answer(403, { message }, 'AccessDeniedException');
      const [, name] = /^\/role-aliases\/([\w=,@-]{1,128})\/credentials$/.exec(request.url ?? '') ?? [];
      if (request.method !== 'GET' || name === undefined)
        return answer(404, { message: 'Not found' }, 'ResourceNotFoundException');
      const der = request.socket instanceof TLSSocket ? request.socket.getPeerCertificate().raw : undefined;
      const certificateId = der && certificateIdOf(der);
      if (certificateId === undefined || !parts.isActive(certificateId))
        return denied('Certificate is invalid on this endpoint');
      const header = request.headers['x-amzn-iot-thingname'];
      const thing = typeof header === 'string' ? header : undefined;
      if (thing !== undefined && !parts.isAttached(thing, certificateId))
        return denied('Thing is not attached to the certificate');
      const durationS = parts.durationOf(name);
      if (durationS === undefined)
        return answer(404, { message: 'Role alias not found' }, 'ResourceNotFoundException');
      if (!parts.mayAssume(name, certificateId, thing)) return denied('Access Denied');
      answer(200, {
        credentials: {
          accessKeyId: `ASIA${randomBytes(8).toString('hex').toUpperCase()}`,
          secretAccessKey: randomBytes(30).toString('base64'),
          sessionToken: randomBytes(48).toString('base64'),
          expiration: new Date(Date.now() + durationS * 1_000).toISOString(),
        },
      });
    },
  );
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: '127.0.0.1', port: parts.port }, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};
