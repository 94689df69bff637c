import { type CertificateRef, type GatewayRecord, mostCertificates, withCertificate } from './gateway.ts';
import type { ThingRegistry } from './thing-registry.ts';

export type CertifyDeps = Pick<ThingRegistry, 'certify' | 'readPem'>;

export type Certified = {
  readonly record: GatewayRecord;
  readonly certificate: { readonly certificate_id: string; readonly certificate_pem: string };
};

/**
 * A certificate for the gateway's own key. The same key gets the same one again, so that asking again after an answer that was
 * lost leaves nothing behind. Undefined where too many are in use at once: one of them has to be used first.
 */
export const certifyKey =
  ({ certify, readPem }: CertifyDeps) =>
  async (
    record: GatewayRecord,
    request: { readonly csrPem: string; readonly publicKeyHash: string },
  ): Promise<Certified | undefined> => {
    const known = record.certificates.find(
      ({ public_key_hash }) => public_key_hash === request.publicKeyHash,
    );
    if (known) {
      const certificate_pem = await readPem(known.certificate_id);
      const certificate = { certificate_id: known.certificate_id, certificate_pem };
      return { record, certificate };
    }
    if (record.certificates.length >= mostCertificates) return undefined;
    const place = { siteId: record.site_id, gatewayId: record.gateway_id };
    const { certificateId, certificatePem } = await certify(place, request.csrPem);
    const ref: CertificateRef = { certificate_id: certificateId, public_key_hash: request.publicKeyHash };
    return {
      record: withCertificate(record, ref),
      certificate: { certificate_id: certificateId, certificate_pem: certificatePem },
    };
  };
