import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { deviceToken, type GatewayCredentialSet } from '../../contracts/gateway-keys.ts';
import { epochMs, gatewayId, siteId } from '../../contracts/identifiers.ts';
import { writeSecretFile } from '../sealing/secret-file.ts';

const certificate = z.strictObject({
  certificateId: z.string(),
  certificatePem: z.string(),
  keyPem: z.string(),
});
export type GatewayCertificate = z.infer<typeof certificate>;
const secret = z.strictObject({ keyId: z.string().min(1).max(64), secret: z.base64() });

/** Everything that the gateway holds, newest first: of each kind, what comes after the first still counts until the first was used. */
const keyFile = z.strictObject({
  version: z.literal(1),
  siteId,
  gatewayId,
  mqtt: z.strictObject({ host: z.string(), port: z.int() }),
  certificates: z.array(certificate).min(1),
  secrets: z.array(secret).min(1),
  tokens: z.array(deviceToken).min(1),
  /** Names of secrets that the cloud signs with no more. */
  retiredKeyIds: z.array(z.string()).max(8),
  rotateAtMs: epochMs,
  tokenExpiresAtMs: epochMs,
});
type Kept = z.infer<typeof keyFile>;
/** A key of the gateway's own that waits for its certificate. */
const pendingFile = z.strictObject({ version: z.literal(1), csrPem: z.string(), keyPem: z.string() });
export type PendingKey = z.infer<typeof pendingFile>;

const mostRetired = 8;

const readJson = (file: string): unknown => {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    throw new Error(`${file} cannot be read as JSON`);
  }
};

/**
 * The gateway's certificates, command secrets and device tokens, in a file that its owner alone may read. Every change is whole and on
 * the disk when the method returns, and a new set is there before anything of it is used: whenever the gateway stops, the
 * file holds something of each kind that the cloud still takes.
 */
export class KeyRing {
  readonly #file: string;
  readonly #pendingFile: string;
  readonly #certFile: string;
  readonly #keyFile: string;
  #kept: Kept | undefined;
  /** By name, of all secrets that count: a live view for whoever checks signatures. */
  readonly secrets = new Map<string, string>();
  readonly retired = new Set<string>();

  constructor(stateDir: string) {
    this.#file = join(stateDir, 'keys.json');
    this.#pendingFile = join(stateDir, 'keys-pending.json');
    this.#certFile = join(stateDir, 'certificate.pem');
    this.#keyFile = join(stateDir, 'certificate.key.pem');
    if (!existsSync(this.#file)) return;
    this.#take(keyFile.parse(readJson(this.#file)));
    // The certificate has come, and the gateway stopped before it let go of the request.
    const waiting = this.pending();
    if (this.held.certificates.some(({ keyPem }) => keyPem === waiting?.keyPem)) this.dropPending();
  }

  get isRegistered() {
    return this.#kept !== undefined;
  }

  /** Who the gateway is and what it holds. Throws Error before its registration. */
  get held(): Readonly<Kept> {
    if (!this.#kept) throw new Error('The gateway is not registered: it needs a claim');
    return this.#kept;
  }

  /**
   * For those who want the certificate in files: the oldest that counts, since the broker has certainly taken it. They are written anew
   * with every change.
   */
  asMqtt(caPath: string) {
    const { host, port } = this.held.mqtt;
    return { host, port, caPath, certPath: this.#certFile, keyPath: this.#keyFile };
  }

  /** The key that waits for its certificate; the same one until that has come. */
  pending(): PendingKey | undefined {
    return existsSync(this.#pendingFile) ? pendingFile.parse(readJson(this.#pendingFile)) : undefined;
  }

  keepPending(key: Omit<PendingKey, 'version'>): PendingKey {
    const kept: PendingKey = { version: 1, ...key };
    writeSecretFile(this.#pendingFile, JSON.stringify(kept));
    return kept;
  }

  /** Its certificate has come: the next one is for another key. */
  dropPending() {
    rmSync(this.#pendingFile, { force: true });
  }

  /** Keeps a new set in front of what there is. */
  keep(
    place: { readonly siteId: number; readonly gatewayId: string },
    set: GatewayCredentialSet,
    keyPem: string,
  ) {
    const before = this.#kept;
    const added = set.certificate && {
      certificateId: set.certificate.certificate_id,
      certificatePem: set.certificate.certificate_pem,
      keyPem,
    };
    const others = (before?.certificates ?? []).filter(
      ({ certificateId }) => certificateId !== added?.certificateId,
    );
    const kept: Kept = {
      version: 1,
      siteId: place.siteId,
      gatewayId: place.gatewayId,
      mqtt: { host: set.mqtt_host, port: set.mqtt_port },
      certificates: [...(added ? [added] : []), ...others],
      secrets: [{ keyId: set.hmac_key_id, secret: set.hmac_secret }, ...(before?.secrets ?? [])],
      tokens: [set.device_token, ...(before?.tokens ?? [])],
      retiredKeyIds: before?.retiredKeyIds ?? [],
      rotateAtMs: set.rotate_at_ms,
      tokenExpiresAtMs: set.token_expires_at_ms,
    };
    this.#write(keyFile.parse(kept));
  }

  /** The cloud took this token: it takes none of the others. */
  tokenWorked(token: string) {
    if (this.held.tokens.length > 1 && this.held.tokens.includes(token))
      this.#write({ ...this.held, tokens: [token] });
  }

  /** The broker took this certificate: those before it were refused, and those after it end now. */
  certificateWorked(certificateId: string) {
    const used = this.held.certificates.find((one) => one.certificateId === certificateId);
    if (used && this.held.certificates.length > 1) this.#write({ ...this.held, certificates: [used] });
  }

  /** The cloud signed with this secret: it signs with none that is older. */
  secretWorked(keyId: string) {
    const { secrets, retiredKeyIds } = this.held;
    const at = secrets.findIndex((one) => one.keyId === keyId);
    if (at < 0 || at === secrets.length - 1) return;
    const older = secrets.slice(at + 1).map((one) => one.keyId);
    this.#write({
      ...this.held,
      secrets: secrets.slice(0, at + 1),
      retiredKeyIds: [...older, ...retiredKeyIds].slice(0, mostRetired),
    });
  }

  #write(kept: Kept) {
    writeSecretFile(this.#file, JSON.stringify(kept));
    this.#take(kept);
  }

  #take(kept: Kept) {
    const before = this.#kept?.certificates.at(-1);
    const certain = kept.certificates.at(-1);
    this.#kept = kept;
    if (certain && (certain.certificateId !== before?.certificateId || !existsSync(this.#certFile))) {
      writeSecretFile(this.#keyFile, certain.keyPem);
      writeSecretFile(this.#certFile, certain.certificatePem);
    }
    this.secrets.clear();
    for (const { keyId, secret: value } of kept.secrets) this.secrets.set(keyId, value);
    this.retired.clear();
    for (const keyId of kept.retiredKeyIds) this.retired.add(keyId);
  }
}
