import { constants, createPublicKey, type KeyObject, publicEncrypt } from 'node:crypto';
import { bindContext, unbindContext } from '../bind-context.ts';
import { type KeyWrapper, rewrapHere } from '../key-wrapper.ts';
import { SealingError } from '../sealing-error.ts';
import { type Pkcs11Token, runPkcs11Tool } from './pkcs11-tool.ts';

export type Pkcs11Options = Pkcs11Token & {
  /** CKA_ID, hex, of the RSA key pair that wraps from now on. */
  readonly keyId: string;
  readonly olderKeyIds?: readonly string[];
  /** The hash of OAEP and of its mask generation. SoftHSM 2 knows SHA-1 alone; OAEP's security does not rest on it. */
  readonly oaepHash?: 'sha1' | 'sha256';
};

const hashNames = { sha1: ['SHA-1', 'MGF1-SHA1'], sha256: ['SHA256', 'MGF1-SHA256'] } as const;

/**
 * A hardware module behind PKCS#11: RSA-OAEP, whose private key never leaves the token. Wrapping needs the public key alone;
 * unwrapping logs in for one operation, in OpenSC's helper process, because a PKCS#11 module is native code that runs
 * with its caller's memory: here it has none of ours to damage or to read. The context's hash is wrapped with the data key.
 */
export const pkcs11Wrapper = ({
  keyId,
  olderKeyIds = [],
  oaepHash = 'sha256',
  ...token
}: Pkcs11Options): KeyWrapper => {
  const known = new Set([keyId, ...olderKeyIds]);
  const nameOf = (id: string) => `pkcs11:token=${encodeURIComponent(token.tokenLabel)};id=${id}`;
  const run = runPkcs11Tool(token);
  let publicKey: Promise<KeyObject> | undefined;

  const wrap: KeyWrapper['wrap'] = async (dataKey, context) => {
    publicKey ??= run(['--read-object', '--type', 'pubkey', '--id', keyId]).then((der) =>
      createPublicKey({ key: der, format: 'der', type: 'spki' }),
    );
    const bound = bindContext(dataKey, context);
    try {
      const key = await publicKey;
      const wrapped = publicEncrypt({ key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash }, bound);
      return { keyId: nameOf(keyId), wrapped };
    } catch (error) {
      publicKey = undefined;
      throw error instanceof SealingError ? error : new SealingError('unknown_key');
    } finally {
      bound.fill(0);
    }
  };

  const unwrap: KeyWrapper['unwrap'] = async (stored, context) => {
    const id = [...known].find((one) => nameOf(one) === stored.keyId);
    if (id === undefined) throw new SealingError('unknown_key');
    const [hash, mask] = hashNames[oaepHash];
    const oaep = ['--mechanism', 'RSA-PKCS-OAEP', '--hash-algorithm', hash, '--mgf', mask];
    const output = await run(['--decrypt', ...oaep, '--id', id], { login: true, input: stored.wrapped });
    return unbindContext(output, context);
  };

  return { provider: 'pkcs11', wrap, unwrap, rewrap: rewrapHere({ wrap, unwrap }) };
};
