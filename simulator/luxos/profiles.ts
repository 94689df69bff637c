import type { MinerModel } from '../physics/models.ts';
import { boardPowerW, fanPowerW, maxFraction, minFraction, voltageAt, wallPowerW } from '../physics/power.ts';

export type Profile = {
  readonly name: string;
  readonly step: number;
  readonly frequencyMhz: number;
  readonly voltageV: number;
  readonly hashrateThs: number;
  readonly powerW: number;
};

/** Sixteen steps of underclocking and eight of overclocking, 25 MHz each, around the nameplate's frequency. */
const lowest = -16;
const highest = 8;
const stepMhz = 25;

/** The built-in profiles of a model, as far as its chips can go (docs.luxor.tech/firmware/features). */
export const profilesOf = (model: MinerModel): readonly Profile[] =>
  Array.from({ length: highest - lowest + 1 }, (_, at) => lowest + at).flatMap((step) => {
    const frequencyMhz = model.frequencyMhz + step * stepMhz;
    const fraction = frequencyMhz / model.frequencyMhz;
    if (fraction < minFraction || fraction > maxFraction) return [];
    const boardsW = model.boards * boardPowerW(model, fraction, model.targetChipC);
    const fansW = fanPowerW(
      model,
      Array.from({ length: model.fans }, () => 0.8),
    );
    return [
      {
        name: step === 0 ? 'default' : `${frequencyMhz}MHz`,
        step,
        frequencyMhz,
        voltageV: Math.round(voltageAt(model, fraction) * 100) / 100,
        hashrateThs: Math.round(model.hashrateThs * fraction * 10) / 10,
        powerW: Math.round(wallPowerW(model, boardsW, fansW)),
      },
    ];
  });

/**
 * The profile of a name, or the nearest to a selector: `96THs`, `3.1kW`, `3100W`, or `+1` and `-2` steps from the
 * current one. Undefined where there is none such.
 */
export const findProfile = (profiles: readonly Profile[], wanted: string, current: Profile) => {
  const named = profiles.find(({ name }) => name.toLowerCase() === wanted.toLowerCase());
  if (named) return named;
  const relative = /^[+-]\d{1,2}$/.exec(wanted);
  if (relative) return profiles.find(({ step }) => step === current.step + Number(wanted));
  const selector = /^(\d{1,6}(?:\.\d{1,2})?)(THs|kW|W)$/.exec(wanted);
  if (!selector) return undefined;
  const target = Number(selector[1]) * (selector[2] === 'kW' ? 1000 : 1);
  const figure = (profile: Profile) => (selector[2] === 'THs' ? profile.hashrateThs : profile.powerW);
  return profiles.reduce((best, next) =>
    Math.abs(figure(next) - target) < Math.abs(figure(best) - target) ? next : best,
  );
};
