import type { FirmwareView } from '../site/firmware-view.ts';
import type { SimulatedMiner } from '../site/simulated-miner.ts';

/** Codes of the light in the maker's “Teraflux API Reference” (2025-02-19), as far as this machine has a cause for them. */
const words = {
  2: 'Normal',
  3: 'Locate',
  4: 'Temperature',
  8: 'Hash rate low',
  9: 'Fan issue',
  10: 'Hashboard issue',
  13: 'Standby',
} as const;
type Code = keyof typeof words;

/** What somebody lit hides what the machine would say; of several faults it says one. */
const codeOf = ({ settings, state, model }: SimulatedMiner, view: FirmwareView): Code => {
  if (settings.ledOn) return 3;
  if (!settings.hashing) return 13;
  if (view.phase === 'tripped') return 4;
  if (view.fanDutyPct > 0 && view.fanRpm.some((rpm) => rpm === 0)) return 9;
  if (state.boards.some(({ lost }) => lost)) return 10;
  const target = model.hashrateThs * state.fraction;
  return view.phase === 'hashing' && view.hashrateThs < 0.9 * target ? 8 : 2;
};

/** LED1 is green (1) for a machine that is well, and red (2). */
export const light = (miner: SimulatedMiner, view: FirmwareView) => {
  const Code = codeOf(miner, view);
  return { Code, LED1: Code === 2 || Code === 13 ? 1 : 2, LED2: 1, Msg: words[Code] };
};
