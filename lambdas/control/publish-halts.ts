import type { HaltMessage } from '../../contracts/halt.ts';
import type { Clock } from '../shared/clock.ts';
import { combined, type Halts } from './halt.ts';
import { signMessage } from './sign-envelope.ts';

export type TellDeps = {
  readonly readHaltsOver: (tenantId: string, siteId: number, gatewayId: string) => Promise<Halts>;
  readonly openGatewaySecret: (
    siteId: number,
    gatewayId: string,
  ) => Promise<{ readonly keyId: string; readonly secret: Uint8Array }>;
  readonly clock: Clock;
};

/** What a gateway is to be told of the kill switches over it, as they stand now, signed under its own secret. */
export const haltMessageFor =
  ({ readHaltsOver, openGatewaySecret, clock }: TellDeps) =>
  async (tenantId: string, siteId: number, gatewayId: string): Promise<HaltMessage> => {
    const halts = combined(await readHaltsOver(tenantId, siteId, gatewayId));
    const { keyId, secret } = await openGatewaySecret(siteId, gatewayId);
    return signMessage(
      { version: 1, kind: 'halt', siteId, gatewayId, ...halts, issuedAtMs: clock.nowMs(), keyId },
      secret,
    );
  };

type Place = { readonly siteId: number; readonly gatewayId: string };
export type PublishHaltsDeps = TellDeps & {
  readonly gatewaysUnder: (
    tenantId: string,
    siteId: number | undefined,
    gatewayId: string | undefined,
  ) => Promise<readonly Place[]>;
  readonly publish: (message: HaltMessage) => Promise<void>;
  /** Commands that wait for nothing but their dispatch. */
  readonly listApproved: (siteId: number) => Promise<readonly string[]>;
  readonly dispatch: (siteId: number, commandIds: readonly string[]) => Promise<void>;
};

const atOnce = 10;

/**
 * Tells every gateway under a changed switch how it stands now. Safe to repeat and in any order, since each message states the whole
 * and the highest epoch counts. Where a switch was lifted, what was approved meanwhile and has time left goes on its way.
 */
export const publishHalts =
  (deps: PublishHaltsDeps) =>
  async (
    change: {
      readonly tenantId: string;
      readonly siteId?: number | undefined;
      readonly gatewayId?: string | undefined;
    },
    lifted: boolean,
  ): Promise<void> => {
    const places = await deps.gatewaysUnder(change.tenantId, change.siteId, change.gatewayId);
    for (let at = 0; at < places.length; at += atOnce)
      await Promise.all(
        places.slice(at, at + atOnce).map(async ({ siteId, gatewayId }) => {
          const message = await haltMessageFor(deps)(change.tenantId, siteId, gatewayId);
          await deps.publish(message);
        }),
      );
    if (!lifted) return;
    for (const siteId of new Set(places.map((place) => place.siteId)))
      await deps.dispatch(siteId, await deps.listApproved(siteId));
  };
