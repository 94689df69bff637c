import { hotAirAt } from '../physics/conditions.ts';
import { between, randomFrom, seedOf } from '../physics/random.ts';

const dayS = 86_400;

/** Air that a zone's fans draw in: its own level, a slow swing over the day, and hot aisles while they last. */
export class ZoneAir {
  readonly zoneId: string;
  readonly #levelC: number;
  readonly #phaseS: number;
  #hotAir: { riseC: number; sinceS: number }[] = [];

  constructor(zoneId: string, seed: number) {
    const random = randomFrom(seedOf(seed, 'zone', zoneId));
    this.zoneId = zoneId;
    this.#levelC = between(random, 23, 28);
    this.#phaseS = between(random, 0, dayS);
  }

  /** Inlet temperature at a simulated second, °C. */
  at(timeS: number): number {
    const swing = 1.5 * Math.sin((2 * Math.PI * (timeS + this.#phaseS)) / dayS);
    return this.#levelC + swing + hotAirAt(this.#hotAir, timeS);
  }

  get hot() {
    return this.#hotAir.length > 0;
  }

  heat(riseC: number, sinceS: number) {
    this.#hotAir.push({ riseC, sinceS });
  }

  cool() {
    this.#hotAir = [];
  }
}
