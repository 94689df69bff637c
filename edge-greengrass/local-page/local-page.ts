import type { Agent } from '../agent.ts';
import type { GatewayConfig } from '../config.ts';
import type { Log } from '../log.ts';
import { edgeVersion } from '../version.ts';
import { type LocalServer, startLocalServer } from './local-server.ts';
import type { SiteState } from './site-state.ts';

type Deps = {
  readonly site: SiteState;
  readonly agent: () => Pick<Agent, 'status' | 'canWrite'>;
  readonly config: () => GatewayConfig;
  readonly log: Log;
};

/**
 * The local server as the configuration has it. A port that is taken is logged and does not stop the gateway: its work is the miners'.
 */
export const localPage = ({ site, agent, config, log }: Deps) => {
  let server: LocalServer | undefined;
  const close = async () => {
    await server?.close();
    server = undefined;
  };
  return {
    /** Listens where the configuration says now, or nowhere. */
    follow: async () => {
      await close();
      const { local } = config();
      if (!local) return;
      try {
        server = await startLocalServer({
          ...local,
          site,
          gateway: () => {
            const { siteId, gatewayId, pollIntervalMs, limits } = config();
            return { siteId, gatewayId, version: edgeVersion, pollIntervalMs, sweepMs: limits.sweepMs };
          },
          status: () => agent().status(),
          canWrite: () => agent().canWrite(),
          nowMs: Date.now,
          log,
        });
        log('info', 'local_page', { port: server.port });
      } catch (error) {
        const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
        log('error', 'local_page_not_served', { port: local.port, code });
      }
    },
    close,
  };
};
