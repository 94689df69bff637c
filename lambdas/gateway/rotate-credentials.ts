import type { Device, GatewayCredentialSet } from '../../contracts/gateway-keys.ts';
import { fail, type Result, succeed } from '../shared/result.ts';
import { type CertifyDeps, certifyKey } from './certify-key.ts';
import type { GatewayRecord } from './gateway.ts';
import { byGateway, gatewayEvent } from './gateway-events.ts';
import { type IssueDeps, issueCredentials } from './issue-credentials.ts';
import type { ClaimDeps, RegisterDeps } from './register-by-claim.ts';

export type RotateDeps = Pick<ClaimDeps, 'readGateway' | 'replaceGateway'> &
  Pick<RegisterDeps, 'readCertificateRequest' | 'activate'> &
  CertifyDeps &
  IssueDeps;

const attempts = 5;

/**
 * Gives a gateway its next set of credentials: secret and token, and a certificate where it sends a request for one. What it has
 * stays valid until it uses the new ones. Asked again before that, it gives another set in place of the one that nobody used.
 */
export const rotateCredentials =
  (deps: RotateDeps) =>
  async (who: Device, csrPem: string | undefined): Promise<Result<GatewayCredentialSet>> => {
    const read = csrPem === undefined ? undefined : await deps.readCertificateRequest(csrPem);
    if (read && !read.ok) return read;
    for (let attempt = 1; attempt <= attempts; attempt++) {
      const known: GatewayRecord | undefined = await deps.readGateway(who.siteId, who.gatewayId);
      if (known?.status !== 'active') return fail('not_authenticated', 'Authentication required');
      const certified =
        csrPem !== undefined && read
          ? await certifyKey(deps)(known, { csrPem, publicKeyHash: read.value.publicKeyHash })
          : { record: known, certificate: undefined };
      if (!certified) return fail('conflict', 'Too many certificates of this gateway are waiting to be used');
      const { record, credentials } = await issueCredentials(deps)(certified.record);
      const { certificate } = certified;
      const event = gatewayEvent(record, byGateway(who.gatewayId), 'gateway.credentials.issued', {
        generation: credentials.generation,
        because: 'rotation',
        ...(certificate && { certificate_id: certificate.certificate_id }),
      });
      if (!(await deps.replaceGateway(record, [event], []))) continue;
      if (certificate) await deps.activate(certificate.certificate_id);
      return succeed({ ...credentials, ...(certificate && { certificate }) });
    }
    throw new Error(`The record of gateway ${who.gatewayId} stayed contended over ${attempts} attempts`);
  };
