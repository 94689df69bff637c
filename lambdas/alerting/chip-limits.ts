/**
 * Chip temperatures in °C at which a person should look (`warn`) and at which silicon is at risk (`critical`).
 * `boardSensor`: where the chips say nothing, the board's sensor stands in for them.
 */
export type ChipLimits = {
  readonly warnC: number;
  readonly criticalC: number;
  readonly boardSensor: boolean;
  readonly source: string;
};

const limits: readonly (readonly [RegExp, ChipLimits])[] = [
  [
    /bitaxe|gamma|bm13\d\d/i,
    {
      warnC: 70,
      criticalC: 75,
      boardSensor: false,
      source: 'ESP-Miner throttles a Bitaxe at 75 °C (power_management_task.c)',
    },
  ],
  [
    /s21|t21/i,
    {
      warnC: 98,
      criticalC: 105,
      boardSensor: true,
      source: 'S21: 90 to 97 °C is normal under load (vnish.ru, Antminer log errors)',
    },
  ],
  [
    /antminer|s19|t19|s17/i,
    {
      warnC: 90,
      criticalC: 97,
      boardSensor: true,
      source:
        'S19: board sensors at most 75 °C, chips about 15 K above them (docs.luxor.tech, Temperature & Fans)',
    },
  ],
  [
    /whatsminer|^m[2-6]\d/i,
    {
      warnC: 94,
      criticalC: 102,
      boardSensor: true,
      source: 'Whatsminer: error 350 to 352 (board over temperature) follows at about 100 °C and more',
    },
  ],
];

const otherwise: ChipLimits = {
  warnC: 90,
  criticalC: 98,
  boardSensor: false,
  source: 'no figures for this model: cautious defaults',
};

/** The limits for a model as the registry names it. */
export const chipLimits = (model: string): ChipLimits =>
  limits.find(([pattern]) => pattern.test(model))?.[1] ?? otherwise;

/** A sensor on the board reads about this much less than the chips (same source as for the S19). */
export const boardBelowChipC = 15;
