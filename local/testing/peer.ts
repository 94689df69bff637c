/**
 * The endpoint of an independent emulator, for contract tests that run against it as they run against ours; undefined,
 * with a printed reason, when HASHINSIGHT_PEER_ENDPOINT is not set.
 */
export const peerEndpoint = (contract: string): string | undefined => {
  const endpoint = process.env.HASHINSIGHT_PEER_ENDPOINT;
  if (!endpoint)
    console.log(
      `skipped: the ${contract} contract against another emulator, HASHINSIGHT_PEER_ENDPOINT is not set`,
    );
  return endpoint;
};

/** Client settings that any emulator takes. */
export const clientOf = (endpoint: string) => ({
  region: 'us-east-1',
  endpoint,
  credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  maxAttempts: 1,
});
