import { type KeyboardEvent, type MouseEvent, useEffect, useId, useMemo, useRef, useState } from 'react';
import { colourOf, type LiveMiner, type MapColour } from '../pages/live-fleet.ts';
import { indexAt, layOut, placeOf, stepFrom } from './map-layout.ts';

type SiteMapProps = {
  readonly miners: readonly LiveMiner[];
  readonly by: MapColour;
  readonly label: string;
  readonly hint: string;
  readonly noZone: string;
  readonly describe: (miner: LiveMiner) => string;
  readonly onOpen: (miner: LiveMiner) => void;
};

/**
 * The whole site on one canvas, which stays fast at 10,000 miners: it is painted when figures change, while the mark of
 * the chosen miner moves above it. Arrow keys, Home and End walk it, Enter opens a miner; the choice is read out.
 */
export const SiteMap = ({ miners, by, label, hint, noZone, describe, onOpen }: SiteMapProps) => {
  const canvas = useRef<HTMLCanvasElement>(null);
  const frame = useRef<HTMLDivElement>(null);
  const status = useId();
  const [width, setWidth] = useState(0);
  const [at, setAt] = useState<number>();
  const layout = useMemo(() => layOut(miners, width), [miners, width]);
  const chosen = at === undefined ? undefined : layout.miners[at];
  const mark = at === undefined || !chosen ? undefined : placeOf(layout, at);

  useEffect(() => {
    const element = frame.current;
    if (!element) return;
    const observer = new ResizeObserver(([entry]) => entry && setWidth(Math.floor(entry.contentRect.width)));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  useEffect(() => {
    const element = canvas.current;
    const context = element?.getContext('2d');
    if (!element || !context || width === 0) return;
    const ratio = window.devicePixelRatio;
    element.width = width * ratio;
    element.height = layout.height * ratio;
    context.scale(ratio, ratio);
    for (const [index, miner] of layout.miners.entries()) {
      const place = placeOf(layout, index);
      if (!place) continue;
      context.fillStyle = colourOf(miner, by);
      context.fillRect(place.x, place.y, layout.side, layout.side);
    }
  }, [layout, width, by]);

  const find = (event: MouseEvent) => {
    const box = event.currentTarget.getBoundingClientRect();
    return indexAt(layout, event.clientX - box.left, event.clientY - box.top);
  };
  const walk = (event: KeyboardEvent) => {
    if (event.key === 'Enter' && chosen) return onOpen(chosen);
    if (event.key === 'Escape') return setAt(undefined);
    const next = stepFrom(layout, at, event.key);
    if (next === undefined) return;
    event.preventDefault();
    setAt(next);
  };
  return (
    <div>
      <div
        ref={frame}
        className="site-map"
        style={{ blockSize: layout.height }}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: an application region takes the keys that it names
        tabIndex={0}
        role="application"
        aria-label={label}
        aria-describedby={status}
        onPointerMove={(event) => setAt(find(event))}
        onPointerLeave={() => setAt(undefined)}
        onClick={(event) => {
          const miner = layout.miners[find(event) ?? -1];
          if (miner) onOpen(miner);
        }}
        onKeyDown={walk}
      >
        <canvas ref={canvas} style={{ inlineSize: width, blockSize: layout.height }} />
        {layout.bands.map(({ zoneId, labelY }) => (
          <span key={zoneId} className="zone-name" style={{ insetBlockStart: labelY - 14 }}>
            {zoneId || noZone}
          </span>
        ))}
        {mark && (
          <div
            className="mark"
            style={{
              insetInlineStart: mark.x,
              insetBlockStart: mark.y,
              inlineSize: layout.side,
              blockSize: layout.side,
            }}
          />
        )}
      </div>
      <div id={status} role="status" className="map-status">
        {chosen ? describe(chosen) : hint}
      </div>
    </div>
  );
};
