import { createHash, createPublicKey, verify } from 'node:crypto';
import * as z from 'zod';

/**
 * What a site's log is at one size, as a signed note (C2SP tlog-checkpoint and signed-note): origin, size, root in
 * base64; then after an empty line the signature. It is made with ECDSA P-256 and SHA-256 over the text above it, so
 * `openssl dgst -verify` can check it, too.
 */
export type Checkpoint = { readonly siteId: number; readonly size: number; readonly root: Uint8Array };

const originOf = (siteId: number) => `hashinsight.audit/site/${siteId}`;
const ecdsa = 2;

/** The text that is signed. */
export const checkpointText = ({ siteId, size, root }: Checkpoint): string =>
  `${originOf(siteId)}\n${size}\n${Buffer.from(root).toString('base64')}\n`;

/** Names the key within notes: the first four bytes of the hash of the origin and the public key (SPKI, DER). */
const keyIdOf = (siteId: number, publicKey: Uint8Array) =>
  createHash('sha256')
    .update(`${originOf(siteId)}\n`)
    .update(Uint8Array.of(ecdsa))
    .update(publicKey)
    .digest()
    .subarray(0, 4);

/** The note, given the signature (DER) over `checkpointText` and the public key (SPKI, DER) that it answers to. */
export const signedCheckpoint = (
  checkpoint: Checkpoint,
  signature: Uint8Array,
  publicKey: Uint8Array,
): string =>
  `${checkpointText(checkpoint)}\n— ${originOf(checkpoint.siteId)} ${Buffer.concat([keyIdOf(checkpoint.siteId, publicKey), signature]).toString('base64')}\n`;

const note =
  /^(hashinsight\.audit\/site\/([1-9][0-9]{0,15})\n(0|[1-9][0-9]{0,14})\n([A-Za-z0-9+/]{43}=)\n)\n— (\S+) ([A-Za-z0-9+/=]+)\n$/;

export type OpenedCheckpoint =
  | { readonly ok: true; readonly checkpoint: Checkpoint }
  | { readonly ok: false; readonly fault: string };

/** Opens a note and checks its signature. Says what is wrong with it; never throws on bad text. */
export const openCheckpoint = (text: string, publicKey: Uint8Array): OpenedCheckpoint => {
  const [, signed, site, size, root, name, blob] = note.exec(text) ?? [];
  if (!signed || !site || !size || !root || !blob) return { ok: false, fault: 'it is no signed checkpoint' };
  const siteId = Number(site);
  const signature = Buffer.from(blob, 'base64');
  if (signature.toString('base64') !== blob)
    return { ok: false, fault: 'its signature is not written as it was' };
  if (name !== originOf(siteId) || !signature.subarray(0, 4).equals(keyIdOf(siteId, publicKey)))
    return { ok: false, fault: 'another key signed it' };
  const key = createPublicKey({ key: Buffer.from(publicKey), format: 'der', type: 'spki' });
  if (!verify('sha256', Buffer.from(signed), key, signature.subarray(4)))
    return { ok: false, fault: 'its signature does not fit' };
  return { ok: true, checkpoint: { siteId, size: Number(size), root: Buffer.from(root, 'base64') } };
};

/** A checkpoint as the audit table keeps it. */
export const storedCheckpoint = z.object({
  size: z.int().nonnegative(),
  /** Hash of the last event in it: where the chain goes on. */
  event_hash: z.string(),
  note: z.string(),
  at_ms: z.int(),
  /** The tiles that are not full yet, by row: the hashes along the tree's right edge. They only ever grow. */
  edge: z.array(z.custom<Uint8Array>((value) => value instanceof Uint8Array)),
});
export type StoredCheckpoint = z.infer<typeof storedCheckpoint>;
