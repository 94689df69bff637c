import * as z from 'zod';
import { MinerFault } from '../../io/miner-fault.ts';
import type { TunedOrder } from '../tuned-adapter.ts';
import { type Fields, fieldsOf, numberOf, textOf } from '../values.ts';

/** No preset: the clock and the voltage (mV) of `globals` hold. */
export const noPreset = 'disabled';

/** What a machine is tuned to: a preset, named by the watts that it is meant to take, or a clock of one's own. */
export const overclock = z.object({
  preset: z.string(),
  frequencyMhz: z.number().optional(),
  millivolts: z.number().optional(),
});
export type Overclock = z.infer<typeof overclock>;

const overclockOf = (settings: Fields) => fieldsOf(fieldsOf(settings.miner).overclock);

/** Throws MinerFault where the settings hold no preset. */
export const heldOverclock = (settings: Fields): Overclock => {
  const held = overclockOf(settings);
  const preset =
    textOf(held.preset) ?? (numberOf(held.preset) === undefined ? undefined : String(held.preset));
  if (preset === undefined) throw new MinerFault('unparseable', 'the settings hold no preset');
  if (preset !== noPreset) return { preset };
  const globals = fieldsOf(held.globals);
  const frequencyMhz = numberOf(globals.freq);
  const millivolts = numberOf(globals.volt);
  return {
    preset,
    ...(frequencyMhz !== undefined && { frequencyMhz }),
    ...(millivolts !== undefined && { millivolts }),
  };
};

/** The settings' whole overclock with what is wanted in it, so that what it does not touch stays. */
export const overclockWith = (settings: Fields, wanted: Overclock) => {
  const held = overclockOf(settings);
  if (wanted.preset !== noPreset) return { ...held, preset: wanted.preset };
  return {
    ...held,
    preset: noPreset,
    globals: {
      ...fieldsOf(held.globals),
      ...(wanted.frequencyMhz !== undefined && { freq: wanted.frequencyMhz }),
      ...(wanted.millivolts !== undefined && { volt: wanted.millivolts }),
    },
  };
};

/** Of `/autotune/presets`. Throws MinerFault `denied` where none takes as little. */
export const chosenOverclock = (
  order: TunedOrder,
  settings: Fields,
  presets: readonly Fields[],
): Overclock => {
  if (order.type === 'FREQUENCY_SET') {
    const millivolts = numberOf(fieldsOf(overclockOf(settings).globals).volt);
    return {
      preset: noPreset,
      frequencyMhz: order.params.frequencyMhz,
      ...(millivolts !== undefined && { millivolts }),
    };
  }
  const watts = presets.flatMap(({ name }) => numberOf(name) ?? []).filter((w) => w <= order.params.limitW);
  if (watts.length === 0) throw new MinerFault('denied', 'the miner has no preset of so few watts');
  return { preset: String(Math.max(...watts)) };
};
