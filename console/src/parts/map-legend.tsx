import { minerStates } from '../../../contracts/reading.ts';
import { useMessages } from '../i18n/language.ts';
import {
  type ColourScale,
  noFigure,
  notHashing,
  rampStops,
  stateColours,
} from '../telemetry/colour-scale.ts';
import { figureUnits } from '../telemetry/figures.ts';
import { useFormat } from './format.ts';

const gradient = `linear-gradient(to right, ${rampStops.join(', ')})`;

/** What the colours of the map mean. */
export const MapLegend = ({ scale: { by, ends } }: { scale: ColourScale }) => {
  const { state: words, overview: texts } = useMessages();
  const { number } = useFormat();
  if (by === 'state')
    return (
      <div className="legend">
        {minerStates.map((state) => (
          <span key={state}>
            <Swatch colour={stateColours[state]} isCrossed={state === 'fault' || state === 'unreachable'} />
            {words[state]}
          </span>
        ))}
      </div>
    );
  const { unit } = figureUnits[by];
  const digitsOf = (value: number) => (Number.isInteger(value) ? 0 : 1);
  return (
    <div className="legend">
      <span>
        {number(ends[0], digitsOf(ends[0]), unit)}
        <span className="ramp" style={{ background: gradient }} />
        {number(ends[1], digitsOf(ends[1]), unit)}
      </span>
      <span>
        <Swatch colour={notHashing} />
        {texts.notHashing}
      </span>
      <span>
        <Swatch colour={notHashing} isCrossed />
        {words.fault} / {words.unreachable}
      </span>
      <span>
        <Swatch colour={noFigure} />
        {texts.noFigure}
      </span>
    </div>
  );
};

const Swatch = ({ colour, isCrossed = false }: { colour: string; isCrossed?: boolean }) => (
  <svg className="swatch" viewBox="0 0 12 12" aria-hidden="true">
    <rect width="12" height="12" rx="2" fill={colour} />
    {isCrossed && <path d="M3 3L9 9M9 3L3 9" stroke="#fff" strokeWidth="1.5" />}
  </svg>
);
