import { type KeyboardEvent, type MouseEvent, useEffect, useId, useMemo, useRef, useState } from 'react';
import type { LiveMiner } from '../pages/live-fleet.ts';
import { type ColourScale, colourOf, isCrossed } from '../telemetry/colour-scale.ts';
import { indexAt, layOut, type MapLayout, placeIn, placeOf, stepFrom } from './map-layout.ts';

type SiteMapProps = {
  readonly miners: readonly LiveMiner[];
  readonly scale: ColourScale;
  readonly label: string;
  readonly hint: string;
  /** What stands above a zone's squares. */
  readonly zoneTitle: (zoneId: string, count: number) => string;
  /** The miner's name, then what is known of it. */
  readonly describe: (miner: LiveMiner) => readonly string[];
  readonly onOpen: (miner: LiveMiner) => void;
};

/**
 * The whole site on one canvas, which stays fast at 10,000 miners: it is painted when figures change, while the mark of
 * the chosen miner moves above it. Arrow keys, Home and End walk it, Enter opens a miner; the choice is read out.
 */
export const SiteMap = ({ miners, scale, label, hint, zoneTitle, describe, onOpen }: SiteMapProps) => {
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
    paint(context, layout, scale);
  }, [layout, width, scale]);

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
  const [name, ...facts] = chosen ? describe(chosen) : [];
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
        {layout.bands.map(({ zoneId, labelY, count }) => (
          <span key={zoneId} className="zone-name" style={{ insetBlockStart: labelY - 14 }}>
            {zoneTitle(zoneId, count)}
          </span>
        ))}
        {mark && (
          <>
            <div
              className="mark"
              style={{
                insetInlineStart: mark.x,
                insetBlockStart: mark.y,
                inlineSize: layout.side,
                blockSize: layout.side,
              }}
            />
            <div
              className="tip"
              aria-hidden="true"
              style={{
                insetBlockStart: mark.y + layout.side + 8,
                ...(mark.x > width / 2
                  ? { insetInlineEnd: width - mark.x - layout.side }
                  : { insetInlineStart: mark.x }),
              }}
            >
              <b>{name}</b>
              {facts.map((fact) => (
                <span key={fact}>{fact}</span>
              ))}
            </div>
          </>
        )}
      </div>
      <div id={status} role="status" className="map-status">
        {chosen ? [name, ...facts].join(' · ') : hint}
      </div>
    </div>
  );
};

const paint = (context: CanvasRenderingContext2D, layout: MapLayout<LiveMiner>, scale: ColourScale) => {
  const { side } = layout;
  const crosses = new Path2D();
  const inset = side / 4;
  for (const band of layout.bands)
    for (let within = 0; within < band.count; within++) {
      const miner = layout.miners[band.first + within];
      if (!miner) continue;
      const { x, y } = placeIn(layout, band, within);
      context.fillStyle = colourOf(miner, scale);
      context.fillRect(x, y, side, side);
      if (!isCrossed(miner)) continue;
      crosses.moveTo(x + inset, y + inset);
      crosses.lineTo(x + side - inset, y + side - inset);
      crosses.moveTo(x + side - inset, y + inset);
      crosses.lineTo(x + inset, y + side - inset);
    }
  context.strokeStyle = '#fff';
  context.lineWidth = side > 10 ? 1.5 : 1;
  context.stroke(crosses);
};
