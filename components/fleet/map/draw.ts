import type { Tone } from '../../ui/state-mark';
import type { Land } from './land';
import { drawMark, drawSimulated, type MapPalette } from './marks';
import { type Flat, type Size, toScreen, type View } from './projection';

/** A point as it is drawn, in CSS pixels. */
export type Dot = { id: string; x: number; y: number; tone: Tone; simulated: boolean };

export type Scene = {
  size: Size;
  ratio: number;
  view: View;
  /** How far zoomed in, 1 for the whole world: borders come at 2.5. */
  zoom: number;
  land: Land | null;
  graticule: { lines: Path2D; outline: Path2D };
  dots: readonly Dot[];
  /** Flat places of what is only there for orientation. */
  behind: readonly Flat[];
  radius: number;
  chosen: ReadonlySet<string>;
  pointed: string | null;
  palette: MapPalette;
};

/** Paints the whole map. The canvas is `size × ratio` device pixels, so that points are crisp. */
export function draw(context: CanvasRenderingContext2D, scene: Scene): void {
  const { size, ratio, view, palette } = scene;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, size.width, size.height);
  context.setTransform(ratio * view.scale, 0, 0, ratio * view.scale, view.x * ratio, view.y * ratio);
  const hairline = 1 / view.scale;
  context.lineJoin = 'round';
  context.setLineDash([]);
  if (scene.land) {
    context.fillStyle = palette.land;
    context.fill(scene.land.land);
  }
  context.lineWidth = hairline;
  context.strokeStyle = palette.graticule;
  context.stroke(scene.graticule.lines);
  context.strokeStyle = palette.border;
  if (scene.land && scene.zoom >= 2.5) context.stroke(scene.land.borders);
  context.stroke(scene.graticule.outline);
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.fillStyle = palette.tones.unknown;
  context.globalAlpha = 0.45;
  for (const place of scene.behind) {
    const [x, y] = toScreen(view, place);
    context.fillRect(Math.round(x) - 1, Math.round(y) - 1, 2, 2);
  }
  context.globalAlpha = 1;
  for (const dot of scene.dots) {
    if (dot.x < -20 || dot.y < -20 || dot.x > size.width + 20 || dot.y > size.height + 20) continue;
    paint(context, dot, snap(dot.x, ratio), snap(dot.y, ratio), scene);
  }
}

function paint(
  context: CanvasRenderingContext2D,
  dot: Dot,
  x: number,
  y: number,
  { radius, palette, chosen, pointed }: Scene,
): void {
  // A rim of sea keeps neighbours apart.
  context.fillStyle = palette.sea;
  context.beginPath();
  context.arc(x, y, radius + 1, 0, 2 * Math.PI);
  context.fill();
  drawMark(context, dot.tone, x, y, radius, palette);
  if (dot.simulated && radius >= 3.5) drawSimulated(context, dot.tone, x, y, radius, palette);
  context.globalAlpha = 1;
  if (!chosen.has(dot.id) && pointed !== dot.id) return;
  context.strokeStyle = pointed === dot.id ? palette.ink : palette.accent;
  context.lineWidth = 1.5;
  context.beginPath();
  context.arc(x, y, radius + 4.5, 0, 2 * Math.PI);
  context.stroke();
}

/** To the middle of a device pixel. */
const snap = (n: number, ratio: number) => (Math.round(n * ratio - 0.5) + 0.5) / ratio;
