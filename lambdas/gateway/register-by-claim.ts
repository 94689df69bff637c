import type { TransactWriteCommandInput } from '@aws-sdk/lib-dynamodb';
import type { RegisterAnswer } from '../../contracts/api-edge.ts';
import type { NewDomainEvent } from '../../contracts/domain-event.ts';
import { toUtc } from '../shared/clock.ts';
import { fail, type Result, succeed } from '../shared/result.ts';
import { type CertifyDeps, certifyKey } from './certify-key.ts';
import { type ClaimRecord, claimRefused, judgeClaim } from './claim.ts';
import { type GatewayRecord, newGatewayRecord } from './gateway.ts';
import { byGateway, gatewayEvent } from './gateway-events.ts';
import { type IssueDeps, issueCredentials } from './issue-credentials.ts';
import { claimIdOf } from './secrets.ts';

type TransactItem = NonNullable<TransactWriteCommandInput['TransactItems']>[number];
type Write = (
  record: GatewayRecord,
  events: readonly NewDomainEvent[],
  beside: readonly TransactItem[],
) => Promise<boolean>;

/** What taking a claim needs. */
export type ClaimDeps = {
  readonly findClaim: (claimId: string) => Promise<ClaimRecord | undefined>;
  readonly readGateway: (siteId: number, gatewayId: string) => Promise<GatewayRecord | undefined>;
  readonly insertGateway: Write;
  readonly replaceGateway: Write;
  readonly claimUseItem: (claim: ClaimRecord, publicKeyHash: string, nowMs: number) => TransactItem;
};

export type RegisterDeps = ClaimDeps &
  CertifyDeps &
  IssueDeps & {
    readonly readCertificateRequest: (pem: string) => Promise<Result<{ publicKeyHash: string }>>;
    readonly activate: (certificateId: string) => Promise<void>;
    readonly retireClaim: (certificateId: string) => Promise<void>;
  };

const attempts = 5;

/** Finds the claim behind a code and says whether this key may use it. */
export const findUsableClaim =
  ({ findClaim }: Pick<ClaimDeps, 'findClaim'>) =>
  async (code: string, publicKeyHash: string, nowMs: number): Promise<Result<ClaimRecord>> => {
    const claimId = claimIdOf(code);
    const claim = claimId === undefined ? undefined : await findClaim(claimId);
    return judgeClaim(claim, code, publicKeyHash, nowMs);
  };

/**
 * Takes a claim for this key, in one transaction with the gateway's record: a new one, or the record of a gateway that is to be
 * given new credentials and keeps its zones. Undefined where the name belongs to another site, or others were faster each time.
 */
export const takeClaim =
  (deps: ClaimDeps) =>
  async (claim: ClaimRecord, publicKeyHash: string, nowMs: number): Promise<GatewayRecord | undefined> => {
    const { gateway_id, name, zone_ids, site_id, tenant_id, claim_id } = claim;
    const owner = { tenantId: tenant_id, siteId: site_id };
    for (let attempt = 1; attempt <= attempts; attempt++) {
      const known = await deps.readGateway(site_id, gateway_id);
      if (known && claim.status === 'used') return known;
      const record: GatewayRecord = known
        ? { ...known, status: known.status === 'revoked' ? 'registering' : known.status }
        : newGatewayRecord(owner, { gateway_id, name, zone_ids }, toUtc(nowMs));
      const events = [
        gatewayEvent(record, byGateway(gateway_id), 'gateway.claim.used', { claim_id }),
        ...(known ? [] : [gatewayEvent(record, byGateway(gateway_id), 'fleet.gateway.registered', {})]),
      ];
      const write = known ? deps.replaceGateway : deps.insertGateway;
      if (await write(record, events, [deps.claimUseItem(claim, publicKeyHash, nowMs)]))
        return { ...record, version: record.version + 1 };
      const again = await findAgain(deps, claim, publicKeyHash);
      if (!again) return undefined;
    }
    return undefined;
  };

/** Whether it is worth trying again: the claim is still open, or this very key has taken it. */
const findAgain = async ({ findClaim }: ClaimDeps, { claim_id }: ClaimRecord, publicKeyHash: string) => {
  const claim = await findClaim(claim_id);
  return claim?.status === 'open' || (claim?.status === 'used' && claim.public_key_hash === publicKeyHash);
};

/**
 * Registers a gateway by a one-time claim: a certificate for its own key, the command secret and the device token, which are in
 * the answer and nowhere else. Asked again with the same key within an hour it gives a new set, so that a lost answer strands
 * nobody. A gateway that was there before keeps its former credentials until it uses the new ones.
 */
export const registerByClaim =
  (deps: RegisterDeps) =>
  async (request: { readonly claim: string; readonly csr_pem: string }): Promise<Result<RegisterAnswer>> => {
    const read = await deps.readCertificateRequest(request.csr_pem);
    if (!read.ok) return read;
    const { publicKeyHash } = read.value;
    const nowMs = deps.clock.nowMs();
    const usable = await findUsableClaim(deps)(request.claim, publicKeyHash, nowMs);
    if (!usable.ok) return usable;
    const claim = usable.value;
    let record = await takeClaim(deps)(claim, publicKeyHash, nowMs);
    if (!record) return claimRefused;
    for (let attempt = 1; attempt <= attempts; attempt++) {
      const certified = await certifyKey(deps)(record, { csrPem: request.csr_pem, publicKeyHash });
      if (!certified) return fail('conflict', 'Too many certificates of this gateway are waiting to be used');
      const issued = await issueCredentials(deps)(certified.record);
      const { generation } = issued.credentials;
      const { certificate } = certified;
      const event = gatewayEvent(issued.record, byGateway(record.gateway_id), 'gateway.credentials.issued', {
        generation,
        because: 'registration',
        certificate_id: certificate.certificate_id,
      });
      if (await deps.replaceGateway(issued.record, [event], [])) {
        await deps.activate(certificate.certificate_id);
        if (claim.certificate_id !== undefined) await deps.retireClaim(claim.certificate_id);
        const { site_id, gateway_id, zone_ids } = issued.record;
        return succeed({
          site_id,
          gateway_id,
          zone_ids,
          credentials: { ...issued.credentials, certificate },
        });
      }
      const fresh: GatewayRecord | undefined = await deps.readGateway(record.site_id, record.gateway_id);
      if (!fresh) break;
      record = fresh;
    }
    throw new Error(`The record of gateway ${claim.gateway_id} stayed contended over ${attempts} attempts`);
  };
