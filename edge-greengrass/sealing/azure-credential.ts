import { readFileSync } from 'node:fs';
import * as z from 'zod';
import { SealingError } from './sealing-error.ts';

export type AzureApplication = {
  readonly directoryId: string;
  readonly clientId: string;
  readonly secretPath: string;
  readonly authority?: string;
};
const granted = z.object({ access_token: z.string().min(1), expires_in: z.coerce.number().positive() });

/** Signs an application in to Microsoft Entra ID with its secret (OAuth 2.0 client credentials), for the Key Vault SDK. */
export const azureCredential = ({
  directoryId,
  clientId,
  secretPath,
  authority = 'https://login.microsoftonline.com',
}: AzureApplication) => ({
  getToken: async (scopes: string | string[]) => {
    const answer = await fetch(`${authority}/${encodeURIComponent(directoryId)}/oauth2/v2.0/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        client_id: clientId,
        client_secret: readFileSync(secretPath, 'utf8').trim(),
        scope: [scopes].flat().join(' '),
      }),
      signal: AbortSignal.timeout(10_000),
    }).catch(() => undefined);
    if (!answer) throw new SealingError('unavailable');
    if (answer.status === 400 || answer.status === 401) throw new SealingError('denied');
    const parsed = granted.safeParse(await answer.json().catch(() => undefined));
    if (!answer.ok || !parsed.success) throw new SealingError('unavailable');
    const { access_token: token, expires_in } = parsed.data;
    return { token, expiresOnTimestamp: Date.now() + expires_in * 1_000 };
  },
});
