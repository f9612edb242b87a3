'use client';
import { Minus, Plus, RotateCcw } from 'lucide-react';
import { useRouter } from 'next/navigation';
import { type PointerEvent, useEffect, useMemo, useRef, useState } from 'react';
import type { FleetNode } from '@/protocol/api/fleet';
import { Button } from '../../ui/button';
import { cn } from '../../ui/cn';
import { plural } from '../../ui/format';
import { toneOf } from '../node-standing';
import type { Cluster } from './cluster';
import { ClusterRing } from './cluster-ring';
import { draw } from './draw';
import { clusterScale, dotAt, dotsOf, layOut, placeNodes } from './layout';
import { MapLegend } from './legend';
import { MapCard, type Pointed } from './map-card';
import { toScreen, wholeWorld } from './projection';
import { useBox, usePalette } from './use-canvas-box';
import { useLand } from './use-land';
import { useMapView } from './use-map-view';

type FleetMapProps = {
  nodes: readonly FleetNode[];
  /** Drawn small and faint behind them: the rest of the fleet, when `nodes` are a slice's. */
  backdrop: readonly FleetNode[];
  /** The node that the table points at, and back. */
  pointed: string | null;
  onPoint: (id: string | null) => void;
  className?: string;
};

const NONE: ReadonlySet<string> = new Set();

/** The fleet on the world: land and points on a canvas, dense places as rings. The table beside it says the same. */
export function FleetMap({ nodes, backdrop, pointed, onPoint, className }: FleetMapProps) {
  const router = useRouter();
  const frame = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const box = useBox(frame);
  const palette = usePalette(frame);
  const [card, setCard] = useState<Pointed | null>(null);
  const placed = useMemo(() => placeNodes(nodes), [nodes]);
  const byId = useMemo(() => new Map(nodes.map((node) => [node.id, node])), [nodes]);

  const { view, dragging, zoom, reset, showAll, handlers } = useMapView(frame, box, (x, y, touch) => {
    const dot = dotAt(dots, x, y, touch ? 18 : 10);
    const node = dot && byId.get(dot.id);
    if (!dot || !node) return setCard(null);
    // A finger has no hover: the first tap says what it is, the card holds the link.
    if (touch) setCard({ x: dot.x, y: dot.y, nodes: [node], pinned: true });
    else router.push(`/nodes/${node.id}`);
  });
  const least = box ? wholeWorld(box).scale : 1;
  const magnification = view ? view.scale / least : 1;
  const { land, lines } = useLand(magnification);
  const atScale = view ? clusterScale(view.scale) : null;
  const layout = useMemo(
    () => (atScale === null ? { rings: [], singles: [] } : layOut(placed, atScale)),
    [placed, atScale],
  );
  const dots = useMemo(() => (view ? dotsOf(layout.singles, view) : []), [layout, view]);
  const behind = useMemo(() => placeNodes(backdrop).map(({ at }) => at), [backdrop]);

  useEffect(() => {
    const context = canvas.current?.getContext('2d');
    if (!canvas.current || !context || !box || !palette || !lines || !view) return;
    const frameId = requestAnimationFrame(() => {
      if (!canvas.current) return;
      const [width, height] = [Math.round(box.width * box.ratio), Math.round(box.height * box.ratio)];
      if (canvas.current.width !== width) canvas.current.width = width;
      if (canvas.current.height !== height) canvas.current.height = height;
      draw(context, {
        size: box,
        ratio: box.ratio,
        view,
        zoom: magnification,
        land,
        graticule: lines,
        dots,
        behind,
        radius: magnification > 3 ? 4.5 : 4,
        chosen: NONE,
        pointed,
        palette,
      });
    });
    return () => cancelAnimationFrame(frameId);
  }, [box, palette, lines, land, view, dots, behind, pointed, magnification]);

  const hover = (event: PointerEvent) => {
    if (dragging || event.pointerType !== 'mouse' || card?.pinned) return;
    const bounds = event.currentTarget.getBoundingClientRect();
    const dot = dotAt(dots, event.clientX - bounds.left, event.clientY - bounds.top, 10);
    if ((dot?.id ?? null) === pointed && (dot !== null) === (card !== null)) return;
    const node = dot && byId.get(dot.id);
    onPoint(dot?.id ?? null);
    setCard(dot && node ? { x: dot.x, y: dot.y, nodes: [node], pinned: false } : null);
  };
  const openRing = (group: Cluster<FleetNode>) => {
    if (!view) return;
    const [x, y] = toScreen(view, group.at);
    if (group.tight || magnification > 200)
      setCard({ x, y, nodes: group.members.map(({ item }) => item), pinned: true });
    else {
      setCard(null);
      showAll(group.members.map(({ at }) => at));
    }
  };
  const pointRing = (group: Cluster<FleetNode>, on: boolean) => {
    if (!view || card?.pinned || dragging) return;
    const [x, y] = toScreen(view, group.at);
    setCard(on ? { x, y, nodes: group.members.map(({ item }) => item), pinned: false } : null);
  };
  const tones = useMemo(() => new Set(placed.map(({ item }) => toneOf(item))), [placed]);
  const unplaced = nodes.length - placed.length;

  return (
    // biome-ignore lint/a11y/useSemanticElements: a map is no form's fieldset
    <div
      aria-label={`Map of ${plural(nodes.length, 'node')}. Arrow keys pan, plus and minus zoom, 0 shows the whole world; the table lists the same nodes.`}
      className={cn(
        'relative touch-none select-none overflow-hidden bg-[var(--map-sea)] focus-visible:outline-offset-[-2px]',
        dragging ? 'cursor-grabbing' : pointed ? 'cursor-pointer' : 'cursor-grab',
        className,
      )}
      data-map-ready={land ? '' : undefined}
      onPointerLeave={() => {
        if (!card?.pinned) setCard(null);
        onPoint(null);
      }}
      ref={frame}
      role="group"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: its keys pan and zoom
      tabIndex={0}
      {...handlers}
      onKeyDown={(event) => (event.key === 'Escape' ? setCard(null) : handlers.onKeyDown(event))}
      onPointerMove={(event) => {
        handlers.onPointerMove(event);
        hover(event);
      }}
    >
      <canvas className="absolute inset-0 size-full" ref={canvas} />
      {view && box && (
        // biome-ignore lint/a11y/useSemanticElements: a fieldset cannot stand inside a drawing
        <svg aria-label="Dense places" className="pointer-events-none absolute inset-0 size-full" role="group">
          <title>Dense places</title>
          <g className="pointer-events-auto">
            {layout.rings.map((group) => {
              const [x, y] = toScreen(view, group.at);
              if (x < -40 || y < -40 || x > box.width + 40 || y > box.height + 40) return null;
              return (
                <ClusterRing
                  group={group}
                  key={group.members[0]?.item.id}
                  onOpen={() => openRing(group)}
                  onPoint={(on) => pointRing(group, on)}
                  x={x}
                  y={y}
                />
              );
            })}
          </g>
        </svg>
      )}
      <div className="absolute top-2 right-2 flex flex-col gap-1" onPointerDown={(event) => event.stopPropagation()}>
        <Button aria-label="Zoom in" kind="secondary" onClick={() => zoom(1.8)} size="icon-sm">
          <Plus aria-hidden="true" />
        </Button>
        <Button
          aria-label="Zoom out"
          disabled={magnification <= 1.001}
          kind="secondary"
          onClick={() => zoom(1 / 1.8)}
          size="icon-sm"
        >
          <Minus aria-hidden="true" />
        </Button>
        <Button aria-label="Show the whole world" kind="secondary" onClick={reset} size="icon-sm">
          <RotateCcw aria-hidden="true" />
        </Button>
      </div>
      <div className="pointer-events-none absolute inset-x-2 bottom-2 flex flex-wrap items-end justify-between gap-x-4 gap-y-1">
        <MapLegend simulated={placed.some(({ item }) => item.simulated)} tones={tones} />
        {unplaced > 0 && (
          <p className="ml-auto rounded bg-paper/85 px-2 py-1 text-soft text-table">
            {plural(unplaced, 'node')} without a place
          </p>
        )}
      </div>
      {card && box && (
        <div onPointerDown={(event) => event.stopPropagation()}>
          <MapCard onClose={() => setCard(null)} pointed={card} size={box} />
        </div>
      )}
    </div>
  );
}
