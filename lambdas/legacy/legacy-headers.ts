/** When the old routes were marked deprecated, and when they ended (`000` §8.1). */
const deprecatedAtMs = Date.parse('2026-01-27T00:00:00Z');
export const sunset = '2026-06-01T00:00:00.000Z';

/** Where each old route went. */
export const successors: Readonly<Record<string, string>> = {
  '/api/sites/{site_id}/commands': '/api/v1/commands',
  '/api/commands/{command_id}': '/api/v1/commands/{command_id}',
  '/api/remote/commands/pending': '/api/edge/v1/commands/poll',
};

/**
 * What every answer of an old route bears, whatever its status: `Deprecation` (RFC 9745), `Sunset` (RFC 8594) and the successor
 * (RFC 8288, RFC 5829), with the names in the path filled in.
 */
export const legacyHeaders = (
  path: string,
  names: Readonly<Record<string, string | undefined>> = {},
): Record<string, string> => {
  const successor = successors[path]?.replace(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(names[name] ?? ''),
  );
  return {
    deprecation: `@${deprecatedAtMs / 1000}`,
    sunset: new Date(sunset).toUTCString(),
    ...(successor && { link: `<${successor}>; rel="successor-version"` }),
  };
};
