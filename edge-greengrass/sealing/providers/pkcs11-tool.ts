import { spawn } from 'node:child_process';
import { SealingError, type SealingFault } from '../sealing-error.ts';

export type Pkcs11Token = {
  /** The vendor's module, such as `/usr/lib/softhsm/libsofthsm2.so`. */
  readonly modulePath: string;
  readonly tokenLabel: string;
  readonly pin: string;
  /** OpenSC's `pkcs11-tool`, 0.22 or later. */
  readonly toolPath?: string;
  /** Operations that may wait for the token; one more is refused with `rate_limited`. */
  readonly maxWaiting?: number;
  readonly timeoutMs?: number;
};
type RunOptions = { readonly login?: boolean; readonly input?: Uint8Array };

/** What the helper says of a failure, the first that fits. */
const faults: readonly (readonly [RegExp, SealingFault])[] = [
  [/CKR_PIN_(INCORRECT|LOCKED|EXPIRED|INVALID)|CKR_USER_PIN_NOT_INITIALIZED/, 'denied'],
  [/CKR_SESSION_COUNT|CKR_(DEVICE|HOST)_MEMORY/, 'rate_limited'],
  [/CKR_DEVICE_(ERROR|REMOVED)|CKR_TOKEN_NOT_(PRESENT|RECOGNIZED)|C_Initialize|No slot/, 'unavailable'],
  [/CKR_KEY_FUNCTION_NOT_PERMITTED|CKR_KEY_TYPE_INCONSISTENT/, 'key_disabled'],
  [/(object|key) not found/i, 'unknown_key'],
  // A ciphertext that does not open fails in one of several operations, by module and version of the helper.
  [/C_Decrypt(Update|Final)? failed|CKR_ENCRYPTED_DATA/, 'not_authentic'],
];
const faultOf = (said: string) => faults.find(([pattern]) => pattern.test(said))?.[1] ?? 'unavailable';

/**
 * Runs the helper, one operation after the other: tokens have few sessions. The PIN goes through the environment, never through
 * the arguments, which other users of the machine may list.
 */
export const runPkcs11Tool = ({
  modulePath,
  tokenLabel,
  pin,
  toolPath = 'pkcs11-tool',
  maxWaiting = 64,
  timeoutMs = 15_000,
}: Pkcs11Token) => {
  let last: Promise<unknown> = Promise.resolve();
  let waiting = 0;

  const start = (args: readonly string[], { login = false, input }: RunOptions) =>
    new Promise<Buffer>((resolve, reject) => {
      const place = ['--module', modulePath, '--token-label', tokenLabel];
      const child = spawn(
        toolPath,
        [...place, ...(login ? ['--login', '--pin', 'env:PKCS11_PIN'] : []), ...args],
        {
          env: { ...process.env, ...(login && { PKCS11_PIN: pin }) },
          stdio: ['pipe', 'pipe', 'pipe'],
          timeout: timeoutMs,
        },
      );
      const output: Buffer[] = [];
      const errors: Buffer[] = [];
      child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
      child.stderr.on('data', (chunk: Buffer) => errors.push(chunk));
      child.stdin.on('error', () => undefined);
      child.on('error', () => reject(new SealingError('unavailable')));
      child.on('close', (code) => {
        if (code === 0) resolve(Buffer.concat(output));
        else reject(new SealingError(faultOf(Buffer.concat(errors).toString('utf8'))));
      });
      child.stdin.end(input);
    });

  return async (args: readonly string[], options: RunOptions = {}): Promise<Buffer> => {
    if (waiting >= maxWaiting) throw new SealingError('rate_limited');
    waiting++;
    const turn = last.then(
      () => start(args, options),
      () => start(args, options),
    );
    last = turn.catch(() => undefined);
    try {
      return await turn;
    } finally {
      waiting--;
    }
  };
};
