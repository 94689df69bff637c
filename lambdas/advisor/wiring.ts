import { KMSClient } from '@aws-sdk/client-kms';
import { S3Client } from '@aws-sdk/client-s3';
import { ExecutionAlreadyExists, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import * as z from 'zod';
import { commitWithAudit } from '../audit/commit-with-audit.ts';
import { expireCommand, proposeCommand, readCommand } from '../control/commands.ts';
import { readMiners, readSite } from '../fleet/fleet-directory.ts';
import { readRegistry } from '../fleet/miner-registry.ts';
import { ownMachines } from '../fleet/own-machines.ts';
import { sealOrder } from '../sealing/seal-orders.ts';
import { readGatewayKey } from '../sealing/sealing-repository.ts';
import { systemClock } from '../shared/clock.ts';
import { config } from '../shared/config.ts';
import { documentClient } from '../shared/dynamo.ts';
import { s3BlockStore } from '../telemetry/block-store.ts';
import { readLive } from '../telemetry/read-live.ts';
import { readRecentReadings } from '../telemetry/read-telemetry.ts';
import type { AdvisorDeps } from './ask-advisor.ts';
import type { ChangeDeps } from './change-recommendation.ts';
import { readMinerCommands } from './execution-repository.ts';
import type { TokenDeps } from './sealed-tokens.ts';
import type { SiteView } from './site-view.ts';

/**
 * The functions' dependencies, each bound from the environment that its grant in AdvisorStack sets. A function asks only
 * for what it was granted, so a missing grant shows at its first start.
 */
const db = documentClient();
const clock = systemClock;
const seconds = z.coerce
  .number()
  .int()
  .positive()
  .transform((value) => value * 1_000);
const name = z.string().min(1);

export const changeDeps = (): ChangeDeps => {
  const env = config({ ADVISOR_TABLE: name, AUDIT_TABLE: name });
  return {
    db,
    clock,
    advisorTable: env.ADVISOR_TABLE,
    commit: commitWithAudit({ db, auditTable: env.AUDIT_TABLE }),
  };
};

export const createDeps = () => ({
  ...changeDeps(),
  approvalTtlMs: config({ APPROVAL_TTL_S: seconds }).APPROVAL_TTL_S,
});

export const siteView = (): SiteView => {
  const env = config({ FLEET_TABLE: name, TELEMETRY_TABLE: name, TELEMETRY_BUCKET: name });
  const blocks = s3BlockStore(new S3Client({}), env.TELEMETRY_BUCKET);
  const telemetry = { db, telemetryTable: env.TELEMETRY_TABLE, blocks };
  return {
    readMiners: async (siteId) =>
      (await readMiners({ db, fleetTable: env.FLEET_TABLE })(siteId)).filter(({ retired }) => !retired),
    readLive: async (siteId) => (await readLive(telemetry)(siteId)).map(({ reading }) => reading),
    readRecent: readRecentReadings(telemetry),
  };
};

export const gatherDeps = () => {
  const deps = changeDeps();
  return { ...deps, ...siteView(), readMinerCommands: readMinerCommands(deps) };
};

const controlStore = () => {
  const env = config({ CONTROL_TABLE: name, AUDIT_TABLE: name, FLEET_TABLE: name });
  return { db, controlTable: env.CONTROL_TABLE, auditTable: env.AUDIT_TABLE, fleetTable: env.FLEET_TABLE };
};

export const commandReader = () => {
  const env = config({ CONTROL_TABLE: name, AUDIT_TABLE: name });
  return { readCommand: readCommand({ db, controlTable: env.CONTROL_TABLE, auditTable: env.AUDIT_TABLE }) };
};
export const commandExpirer = () => ({ expireCommand: expireCommand(controlStore()) });

export const executeDeps = () => ({
  ...changeDeps(),
  ...siteView(),
  proposeCommand: proposeCommand(controlStore()),
  commandTtlMs: config({ COMMAND_TTL_S: seconds }).COMMAND_TTL_S,
});

export const verifyDeps = () => ({
  ...changeDeps(),
  ...siteView(),
  ...commandReader(),
  verifyWindowMs: config({ VERIFY_WINDOW_S: seconds }).VERIFY_WINDOW_S,
});

export const tokenDeps = (): TokenDeps => {
  const env = config({ ADVISOR_TABLE: name, DATA_KEY_ID: name });
  return {
    db,
    advisorTable: env.ADVISOR_TABLE,
    kms: new KMSClient({}),
    sfn: new SFNClient({}),
    dataKeyId: env.DATA_KEY_ID,
  };
};

export const apiDeps = (): AdvisorDeps => {
  const env = config({ FLEET_TABLE: name, STATE_MACHINE_ARN: name, SEALING_TABLE: name });
  const sfn = new SFNClient({});
  return {
    ...createDeps(),
    ...executeDeps(),
    ...gatherDeps(),
    siteExists: async (tenantId, siteId) =>
      (await readSite({ db, fleetTable: env.FLEET_TABLE })(tenantId, siteId)) !== undefined,
    ownMachines: ownMachines(readRegistry({ db, fleetTable: env.FLEET_TABLE }), clock),
    sealOrder: sealOrder(readGatewayKey({ db, sealingTable: env.SEALING_TABLE })),
    startExecution: async ({ id, siteId, tenantId }) => {
      const input = JSON.stringify({ recommendation_id: id, site_id: siteId, tenant_id: tenantId });
      try {
        await sfn.send(
          new StartExecutionCommand({ stateMachineArn: env.STATE_MACHINE_ARN, name: `execute-${id}`, input }),
        );
      } catch (error) {
        // The same recommendation was started before; its execution goes on, or is over.
        if (!(error instanceof ExecutionAlreadyExists)) throw error;
      }
    },
  };
};
