import { type KeyboardEvent, type MouseEvent, useEffect, useMemo, useRef, useState } from 'react';
import { colourOf, type LiveMiner, type MapColour } from '../pages/live-fleet.ts';

type Cell = { readonly miner: LiveMiner; readonly x: number; readonly y: number };
type Layout = {
  readonly cells: readonly Cell[];
  readonly labels: readonly { text: string; y: number }[];
  readonly height: number;
};

const labelHeight = 18;
const gap = 1;

/** Zones one below the other, their miners in rows of squares. */
const layOut = (miners: readonly LiveMiner[], width: number, side: number): Layout => {
  const byZone = Map.groupBy(miners, (miner) => miner.zoneId);
  const perRow = Math.max(1, Math.floor(width / (side + gap)));
  const cells: Cell[] = [];
  const labels: { text: string; y: number }[] = [];
  let y = 0;
  for (const [zone, members] of [...byZone].toSorted(([a], [b]) => a.localeCompare(b))) {
    labels.push({ text: zone, y: y + 13 });
    y += labelHeight;
    for (const [index, miner] of members.entries()) {
      const row = Math.floor(index / perRow);
      cells.push({ miner, x: (index % perRow) * (side + gap), y: y + row * (side + gap) });
    }
    y += Math.ceil(members.length / perRow) * (side + gap) + 6;
  }
  return { cells, labels, height: y };
};

type SiteMapProps = {
  readonly miners: readonly LiveMiner[];
  readonly by: MapColour;
  readonly label: string;
  readonly describe: (miner: LiveMiner) => string;
  readonly onOpen: (miner: LiveMiner) => void;
};

/** The whole site on one canvas, which stays fast at 10,000 miners. Arrow keys walk it, Enter opens a miner. */
export const SiteMap = ({ miners, by, label, describe, onOpen }: SiteMapProps) => {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [width, setWidth] = useState(800);
  const [at, setAt] = useState<number>();
  const side = miners.length > 4_000 ? 7 : miners.length > 800 ? 11 : 18;
  const layout = useMemo(() => layOut(miners, width, side), [miners, width, side]);

  useEffect(() => {
    const element = canvas.current?.parentElement;
    if (!element) return;
    const observer = new ResizeObserver(([entry]) => entry && setWidth(Math.floor(entry.contentRect.width)));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  useEffect(() => {
    const element = canvas.current;
    const context = element?.getContext('2d');
    if (!element || !context) return;
    const ratio = window.devicePixelRatio;
    element.width = width * ratio;
    element.height = layout.height * ratio;
    context.scale(ratio, ratio);
    context.clearRect(0, 0, width, layout.height);
    for (const { miner, x, y } of layout.cells) {
      context.fillStyle = colourOf(miner, by);
      context.fillRect(x, y, side, side);
    }
    const ink = getComputedStyle(element).color;
    context.fillStyle = ink;
    context.font = '12px system-ui, sans-serif';
    for (const { text, y } of layout.labels) context.fillText(text, 0, y);
    const chosen = at === undefined ? undefined : layout.cells[at];
    if (chosen) {
      context.strokeStyle = ink;
      context.lineWidth = 2;
      context.strokeRect(chosen.x - 1, chosen.y - 1, side + 2, side + 2);
    }
  }, [layout, width, side, by, at]);

  const find = (event: MouseEvent<HTMLCanvasElement>) => {
    const box = event.currentTarget.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    const found = layout.cells.findIndex(
      (cell) => x >= cell.x && x <= cell.x + side && y >= cell.y && y <= cell.y + side,
    );
    return found >= 0 ? found : undefined;
  };
  const walk = (event: KeyboardEvent) => {
    const perRow = Math.max(1, Math.floor(width / (side + gap)));
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: perRow, ArrowUp: -perRow }[event.key];
    const chosen = at === undefined ? undefined : layout.cells[at];
    if (event.key === 'Enter' && chosen) onOpen(chosen.miner);
    if (step === undefined) return;
    event.preventDefault();
    setAt(Math.min(layout.cells.length - 1, Math.max(0, (at ?? -step) + step)));
  };
  const chosen = at === undefined ? undefined : layout.cells[at];
  return (
    <div>
      <canvas
        ref={canvas}
        className="site-map"
        style={{ blockSize: layout.height }}
        tabIndex={0}
        role="img"
        aria-label={label}
        onMouseMove={(event) => setAt(find(event))}
        onClick={(event) => {
          const cell = layout.cells[find(event) ?? -1];
          if (cell) onOpen(cell.miner);
        }}
        onKeyDown={walk}
      />
      <div role="status" style={{ minBlockSize: '1.5em' }}>
        {chosen ? describe(chosen.miner) : label}
      </div>
    </div>
  );
};
