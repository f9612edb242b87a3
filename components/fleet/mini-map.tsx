'use client';
import { useEffect, useMemo, useRef, useState } from 'react';
import { cn } from '../ui/cn';
import type { Tone } from '../ui/state-mark';
import { draw } from './map/draw';
import { graticule, type Land, loadLand } from './map/land';
import { flatten, toScreen, wholeWorld } from './map/projection';
import { useBox, usePalette } from './map/use-canvas-box';

type MiniMapProps = {
  /** `state` is a tone of state-mark. Nodes without coordinates are left out. */
  nodes: readonly { latitude: number | null; longitude: number | null; state: Tone; simulated?: boolean }[];
  /** What it shows, in words: the map is a picture, its table says the same. */
  label: string;
  className?: string;
};

/** Painted last, so that what needs a look lies on top. */
const ORDER: readonly Tone[] = ['unknown', 'stopped', 'running', 'progress', 'degraded', 'failed'];

/** The world with one point per node: for a slice's page. No zoom, no pan; keeps the world's proportions. */
export function MiniMap({ nodes, label, className }: MiniMapProps) {
  const frame = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const box = useBox(frame);
  const palette = usePalette(frame);
  const [land, setLand] = useState<Land | null>(null);
  const lines = useMemo(() => (typeof Path2D === 'undefined' || !box ? null : graticule()), [box]);
  useEffect(() => {
    let gone = false;
    loadLand('coarse').then(
      (loaded) => !gone && setLand(loaded),
      () => {},
    ); // points on bare sea still say where
    return () => {
      gone = true;
    };
  }, []);
  useEffect(() => {
    const context = canvas.current?.getContext('2d');
    if (!canvas.current || !context || !box || !palette || !lines || box.width === 0) return;
    canvas.current.width = Math.round(box.width * box.ratio);
    canvas.current.height = Math.round(box.height * box.ratio);
    const view = wholeWorld(box, 2);
    const dots = nodes
      .flatMap(({ latitude, longitude, state, simulated }, index) => {
        if (latitude === null || longitude === null) return [];
        const [x, y] = toScreen(view, flatten(latitude, longitude));
        return [{ id: String(index), x, y, tone: state, simulated: simulated ?? false }];
      })
      .sort((a, b) => ORDER.indexOf(a.tone) - ORDER.indexOf(b.tone));
    draw(context, {
      size: box,
      ratio: box.ratio,
      view,
      zoom: 1,
      land,
      graticule: lines,
      dots,
      behind: [],
      radius: 3,
      chosen: new Set(),
      pointed: null,
      palette,
    });
  }, [nodes, box, palette, land, lines]);
  return (
    <div
      aria-label={label}
      className={cn('relative aspect-[2.05] w-full overflow-hidden', className)}
      ref={frame}
      role="img"
    >
      <canvas className="absolute inset-0 size-full" ref={canvas} />
    </div>
  );
}
