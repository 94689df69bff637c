import { minerStates } from '../../../contracts/reading.ts';
import { useMessages } from '../i18n/language.ts';
import { type MapColour, rampEnds, rampStops, stateColours } from '../pages/live-fleet.ts';

const gradient = `linear-gradient(to right, ${rampStops.join(', ')})`;

/** What the colours of the map mean. */
export const MapLegend = ({ by }: { by: MapColour }) => {
  const { state: words } = useMessages();
  const unit = by === 'temp' ? '°C' : '%';
  const states = minerStates.filter((state) => by === 'state' || state !== 'hashing');
  return (
    <div className="legend">
      {by !== 'state' && (
        <span>
          {rampEnds[by][0]} {unit}
          <span className="ramp" style={{ background: gradient }} />
          {rampEnds[by][1]} {unit}
        </span>
      )}
      {states.map((state) => (
        <span key={state}>
          <span className="swatch" style={{ background: stateColours[state] }} />
          {words[state]}
        </span>
      ))}
    </div>
  );
};
