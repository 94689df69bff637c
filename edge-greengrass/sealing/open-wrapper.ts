import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { MqttConfig } from '../config.ts';
import { azureCredential } from './azure-credential.ts';
import { iotCredentials } from './iot-credentials.ts';
import type { KeyWrapper } from './key-wrapper.ts';
import { localKeyWrapper } from './providers/local-key.ts';
import { pkcs11Wrapper } from './providers/pkcs11.ts';
import type { KeyService } from './sealing-config.ts';

export type WrapperPlace = {
  readonly stateDir: string;
  readonly gatewayId: string;
  /** The line's certificate, which AWS IoT exchanges for credentials. */
  readonly mqtt?: MqttConfig | undefined;
};

/** Opens the configured key service. The clouds' SDKs are loaded when they are asked for: most gateways need one of them or none. */
export const openWrapper = async (service: KeyService, place: WrapperPlace): Promise<KeyWrapper> => {
  switch (service.provider) {
    case 'local':
      return localKeyWrapper(service.keyPath ?? join(place.stateDir, 'sealing.key'));
    case 'pkcs11': {
      const { provider: _, pinPath, toolPath, ...token } = service;
      const pin = readFileSync(pinPath, 'utf8').trim();
      return pkcs11Wrapper({ ...token, pin, ...(toolPath !== undefined && { toolPath }) });
    }
    case 'aws-kms': {
      const [{ KMSClient }, { awsKmsWrapper }] = await Promise.all([
        import('@aws-sdk/client-kms'),
        import('./providers/aws-kms.ts'),
      ]);
      const { region, endpoint, credentials, keyArn, olderKeyArns } = service;
      if (credentials && !place.mqtt)
        throw new Error('Configuration: sealing credentials need the certificate of mqtt');
      const client = new KMSClient({
        region,
        ...(endpoint !== undefined && { endpoint }),
        ...(credentials &&
          place.mqtt && {
            credentials: iotCredentials({ ...place.mqtt, ...credentials, thingName: place.gatewayId }),
          }),
      });
      return awsKmsWrapper({ client, keyArn, olderKeyArns });
    }
    case 'gcp-kms': {
      const [{ GoogleAuth }, { gcpKmsWrapper }] = await Promise.all([
        import('google-auth-library'),
        import('./providers/gcp-kms.ts'),
      ]);
      const auth = await new GoogleAuth({
        scopes: 'https://www.googleapis.com/auth/cloudkms',
      }).getClient();
      return gcpKmsWrapper({ auth, keyName: service.keyName, olderKeyNames: service.olderKeyNames });
    }
    case 'azure-key-vault': {
      const [{ CryptographyClient }, { azureKeyVaultWrapper }] = await Promise.all([
        import('@azure/keyvault-keys'),
        import('./providers/azure-key-vault.ts'),
      ]);
      const credential = azureCredential(service);
      const clientOf = (keyId: string) => new CryptographyClient(keyId, credential);
      return azureKeyVaultWrapper({ clientOf, keyId: service.keyId, olderKeyIds: service.olderKeyIds });
    }
  }
};
