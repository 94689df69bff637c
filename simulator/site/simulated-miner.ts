import { type Fault, type FaultKind, type WireTrouble, wireTroubles } from '../faults.ts';
import { type ActiveFault, type Conditions, conditionsOf } from '../physics/conditions.ts';
import { type MinerState, warmMiner } from '../physics/miner-state.ts';
import { type MinerModel, modelNamed } from '../physics/models.ts';
import { between, type Random, randomFrom, seedOf } from '../physics/random.ts';
import { type Orders, stepMiner, stepS } from '../physics/step-miner.ts';
import type { MinerIdentity } from './inventory.ts';
import { ordersOf, type Pool, type Settings } from './settings.ts';
import type { SimClock } from './sim-clock.ts';
import type { ZoneAir } from './zone-air.ts';

/** How long the mining process is away when only it is restarted, simulated seconds. */
const processRestartS = 5;
const warmUpSteps = 12;

/**
 * One miner: its physics, its firmware's settings and its faults. Physics is caught up when somebody looks, in whole
 * steps, so that what is seen does not depend on how often one looks.
 */
export class SimulatedMiner {
  readonly identity: MinerIdentity;
  readonly model: MinerModel;
  readonly #clock: SimClock;
  readonly #air: ZoneAir;
  readonly #random: Random;
  readonly #state: MinerState;
  #faults: ActiveFault[] = [];
  #conditions: Conditions;
  #settings: Settings;
  #orders: Orders;
  readonly #zoneOffsetC: number;

  constructor(
    identity: MinerIdentity,
    options: { seed: number; clock: SimClock; air: ZoneAir; pools: readonly Pool[] },
  ) {
    this.identity = identity;
    this.model = modelNamed(identity.model);
    this.#clock = options.clock;
    this.#air = options.air;
    this.#random = randomFrom(seedOf(options.seed, 'miner', identity.index));
    this.#zoneOffsetC = between(this.#random, -0.8, 0.8);
    this.#settings = {
      mode: 'normal',
      hashing: true,
      frequencyPct: 100,
      powerPct: 100,
      pools: options.pools,
      ledOn: false,
    };
    this.#orders = ordersOf(this.model, this.#settings);
    this.#conditions = conditionsOf(this.model, []);
    this.#state = warmMiner(this.model, options.air.at(0) + this.#zoneOffsetC, this.#random, 3);
    this.#state.timeS = -warmUpSteps * stepS;
    this.#advanceTo(0);
  }

  /** The physical truth at this moment. Read it; only the miner itself changes it. */
  get state(): Readonly<MinerState> {
    this.catchUp();
    return this.#state;
  }

  /** What the firmware says it is set to. */
  get settings(): Settings {
    return this.#settings;
  }

  get faults(): readonly Fault[] {
    return this.#faults.map(({ fault }) => fault);
  }

  has(kind: FaultKind): boolean {
    return this.#faults.some(({ fault }) => fault.kind === kind);
  }

  /** When the mining process stopped counting, if it hangs. */
  get hungSinceS(): number | undefined {
    return this.#faults.find(({ fault }) => fault.kind === 'hang')?.sinceS;
  }

  get wireTrouble(): WireTrouble | undefined {
    const lost = this.#faults.find(({ fault }) => fault.kind === 'network_loss')?.fault;
    if (lost?.kind === 'network_loss') return lost.how;
    return wireTroubles.find((trouble) => this.#faults.some(({ fault }) => fault.kind === trouble));
  }

  /** Whether the control board is up, and with it everything that answers. */
  get answers(): boolean {
    return this.state.phase !== 'rebooting';
  }

  /** Whether the mining process is up. While it restarts, only the web server of an Antminer answers. */
  get processUp(): boolean {
    const { phase } = this.state;
    return phase !== 'rebooting' && phase !== 'starting';
  }

  catchUp() {
    this.#advanceTo(this.#clock.nowS());
  }

  inject(fault: Fault) {
    this.catchUp();
    this.#faults = [...this.#faults, { fault, sinceS: this.#state.timeS }];
    this.#conditions = conditionsOf(this.model, this.#faults);
  }

  /** Takes faults away: all of them, or those of one kind. */
  clear(kind?: FaultKind) {
    this.catchUp();
    this.#keepFaults((fault) => kind !== undefined && fault.kind !== kind);
  }

  /** Changes what the firmware is set to, and with it the physics unless writes have no effect here. */
  set(change: Partial<Settings>) {
    this.catchUp();
    this.#settings = { ...this.#settings, ...change };
    if (this.has('no_effect')) return;
    const before = this.#orders;
    this.#orders = ordersOf(this.model, this.#settings);
    if (this.#orders.hashing && !before.hashing) this.#cure();
  }

  /** Restarts the control board and all that runs on it. */
  reboot() {
    this.catchUp();
    this.#state.phase = 'rebooting';
    this.#state.phaseEndsS =
      this.#state.timeS + Math.round(this.model.osBootS * between(this.#random, 0.9, 1.1));
    this.#restarted();
  }

  /** Restarts only the mining process, as a change of configuration does. */
  restartProcess() {
    this.catchUp();
    if (this.#state.phase === 'rebooting') return;
    this.#state.phase = 'starting';
    this.#state.phaseEndsS = this.#state.timeS + processRestartS;
    this.#restarted();
  }

  #restarted() {
    const state = this.#state;
    state.fraction = 0;
    state.terahashes = 0;
    state.hashrate30mThs = 0;
    state.hardwareErrors = 0;
    for (const board of state.boards) board.hardwareErrors = 0;
    for (const pool of state.pools) pool.accepted = pool.rejected = pool.stale = 0;
    if (!this.has('no_effect')) this.#cure();
  }

  #cure() {
    this.#keepFaults((fault) => fault.kind !== 'hang' && !(fault.kind === 'dead_board' && fault.recoverable));
  }

  #keepFaults(keep: (fault: Fault) => boolean) {
    this.#faults = this.#faults.filter(({ fault }) => keep(fault));
    this.#conditions = conditionsOf(this.model, this.#faults);
  }

  #advanceTo(timeS: number) {
    const state = this.#state;
    while (state.timeS + stepS <= timeS) {
      const airC = this.#air.at(state.timeS + stepS) + this.#zoneOffsetC;
      stepMiner(this.model, state, this.#conditions, this.#orders, airC, this.#random);
    }
  }
}
