import * as z from 'zod';
import { fault } from '../faults.ts';
import { phases } from '../physics/miner-state.ts';
import { modelNames } from '../physics/models.ts';
import { isHashing } from '../physics/step-miner.ts';
import type { SimulatedMiner } from './simulated-miner.ts';

/** What is physically the case in one miner, whatever its firmware says. */
export const physicalState = z.strictObject({
  minerId: z.string(),
  model: z.enum(modelNames),
  zoneId: z.string(),
  /** Simulated seconds since the site was started. */
  simulatedS: z.number(),
  phase: z.enum(phases),
  hashing: z.boolean(),
  hashrateThs: z.number(),
  powerW: z.number(),
  frequencyMhz: z.number(),
  voltageV: z.number(),
  inletC: z.number(),
  exhaustC: z.number(),
  /** The hottest chip of the miner. */
  chipTempC: z.number(),
  fanDutyPct: z.number(),
  fanRpm: z.array(z.number()),
  boards: z.array(
    z.strictObject({
      lost: z.boolean(),
      hashrateThs: z.number(),
      boardTempC: z.number(),
      chipTempC: z.number(),
      powerW: z.number(),
      hardwareErrors: z.int(),
    }),
  ),
  acceptedShares: z.int(),
  rejectedShares: z.int(),
  staleShares: z.int(),
  uptimeS: z.number(),
  energyKwh: z.number(),
  activePool: z.int(),
  /** As the firmware was told them, passwords too, which it never tells again. */
  pools: z.array(z.object({ url: z.string(), user: z.string(), password: z.string() })),
  ledOn: z.boolean(),
  faults: z.array(fault),
});
export type PhysicalState = z.infer<typeof physicalState>;

/** The physical state of a miner now. */
export const physicalStateOf = (miner: SimulatedMiner): PhysicalState => {
  const { state, model, identity } = miner;
  const sum = (key: 'accepted' | 'rejected' | 'stale') =>
    state.pools.reduce((total, pool) => total + pool[key], 0);
  return {
    minerId: identity.minerId,
    model: identity.model,
    zoneId: identity.zoneId,
    simulatedS: state.timeS,
    phase: state.phase,
    hashing: isHashing(state) && state.hashrateThs > 0,
    hashrateThs: state.hashrateThs,
    powerW: state.powerW,
    frequencyMhz: state.fraction * model.frequencyMhz,
    voltageV: state.fraction > 0 ? model.voltageV * (0.7 + 0.3 * state.fraction) : 0,
    inletC: state.inletC,
    exhaustC: state.exhaustC,
    chipTempC: state.hottestC,
    fanDutyPct: state.dutyPct,
    fanRpm: state.fanShare.map((share) => Math.round(share * model.maxFanRpm)),
    boards: state.boards.map((board) => ({
      lost: board.lost,
      hashrateThs: board.hashrateThs,
      boardTempC: board.tempC,
      chipTempC: board.hottestChipC,
      powerW: board.powerW,
      hardwareErrors: board.hardwareErrors,
    })),
    acceptedShares: sum('accepted'),
    rejectedShares: sum('rejected'),
    staleShares: sum('stale'),
    uptimeS: Math.max(state.timeS - state.bootedAtS, 0),
    energyKwh: state.energyKwh,
    activePool: state.activePool,
    pools: miner.settings.pools.map((pool) => ({ ...pool })),
    ledOn: miner.settings.ledOn,
    faults: [...miner.faults],
  };
};
