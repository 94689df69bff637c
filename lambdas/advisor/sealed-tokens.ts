import { DecryptCommand, EncryptCommand, type KMSClient } from '@aws-sdk/client-kms';
import {
  InvalidToken,
  SendTaskSuccessCommand,
  type SFNClient,
  TaskDoesNotExist,
  TaskTimedOut,
} from '@aws-sdk/client-sfn';
import type { AdvisorStore } from './advisor-keys.ts';
import { deleteSealedToken, putSealedToken, readSealedToken, type Wait } from './execution-repository.ts';
import type { Recommendation } from './recommendation.ts';

type Owner = Pick<Recommendation, 'id' | 'tenantId' | 'siteId'>;
export type TokenDeps = AdvisorStore & {
  readonly kms: KMSClient;
  readonly sfn: SFNClient;
  readonly dataKeyId: string;
};

const contextOf = ({ id, tenantId, siteId }: Owner, wait: Wait) => ({
  tenant: tenantId,
  site: String(siteId),
  purpose: `task-token-${wait}`,
  recommendation: id,
});
const keptMs = 30 * 24 * 60 * 60_000;

/** Seals a state machine's task token for this recommendation and this wait, and keeps it. */
export const keepToken =
  ({ kms, dataKeyId, ...store }: TokenDeps) =>
  async (owner: Owner, wait: Wait, token: string, nowMs: number): Promise<void> => {
    const { CiphertextBlob } = await kms.send(
      new EncryptCommand({
        KeyId: dataKeyId,
        Plaintext: new TextEncoder().encode(token),
        EncryptionContext: contextOf(owner, wait),
      }),
    );
    if (!CiphertextBlob) throw new Error('KMS sealed nothing');
    await putSealedToken(store)(owner.id, wait, CiphertextBlob, nowMs + keptMs);
  };

/**
 * Lets the state machine go on that waits for this recommendation. Without a waiting state machine, or where it went
 * on already or timed out, nothing happens: the answer says so.
 */
export const resumeWait =
  ({ kms, sfn, dataKeyId, ...store }: TokenDeps) =>
  async (owner: Owner, wait: Wait, output: object): Promise<'resumed' | 'not_waiting'> => {
    const sealed = await readSealedToken(store)(owner.id, wait);
    if (!sealed) return 'not_waiting';
    const { Plaintext } = await kms.send(
      new DecryptCommand({
        KeyId: dataKeyId,
        CiphertextBlob: sealed,
        EncryptionContext: contextOf(owner, wait),
      }),
    );
    if (!Plaintext) throw new Error('KMS opened nothing');
    const waited = await send(sfn, new TextDecoder().decode(Plaintext), output);
    await deleteSealedToken(store)(owner.id, wait);
    return waited ? 'resumed' : 'not_waiting';
  };

const send = async (sfn: SFNClient, taskToken: string, output: object) => {
  try {
    await sfn.send(new SendTaskSuccessCommand({ taskToken, output: JSON.stringify(output) }));
    return true;
  } catch (error) {
    if (error instanceof TaskTimedOut || error instanceof TaskDoesNotExist || error instanceof InvalidToken)
      return false;
    throw error;
  }
};
