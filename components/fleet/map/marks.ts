import type { Tone } from '../../ui/state-mark';

/** Colours that a canvas needs, resolved from the tokens of the element's own scheme. */
export type MapPalette = {
  tones: Record<Tone, string>;
  land: string;
  sea: string;
  border: string;
  graticule: string;
  ink: string;
  accent: string;
};

/** Reads the tokens as they are now; call again when the scheme changes. The tokens are registered, so they come as rgb(). */
export function readPalette(element: Element): MapPalette {
  const style = getComputedStyle(element);
  const token = (name: string) => style.getPropertyValue(`--${name}`).trim();
  return {
    tones: {
      running: token('state-running'),
      progress: token('state-progress'),
      degraded: token('state-degraded'),
      failed: token('state-failed'),
      stopped: token('state-stopped'),
      unknown: token('state-unknown'),
    },
    land: token('map-land'),
    sea: token('map-sea'),
    border: token('map-border'),
    graticule: token('map-graticule'),
    ink: token('ink'),
    accent: token('accent'),
  };
}

/** Draws a state's shape centred on (x, y): the same six shapes as StateShape, `radius` pixels from centre to edge. */
export function drawMark(
  context: CanvasRenderingContext2D,
  tone: Tone,
  x: number,
  y: number,
  radius: number,
  palette: MapPalette,
): void {
  const colour = palette.tones[tone];
  context.fillStyle = colour;
  context.strokeStyle = colour;
  context.lineWidth = Math.max(1, radius / 2.6);
  context.setLineDash([]);
  context.beginPath();
  switch (tone) {
    case 'running':
      context.arc(x, y, radius, 0, 2 * Math.PI);
      context.fill();
      return;
    case 'progress':
      context.arc(x, y, radius - 0.5, 0, 2 * Math.PI);
      context.stroke();
      context.beginPath();
      context.arc(x, y, radius - 0.5, Math.PI / 2, 1.5 * Math.PI);
      context.fill();
      return;
    case 'degraded':
      context.moveTo(x, y - radius * 1.15);
      context.lineTo(x + radius * 1.15, y + radius);
      context.lineTo(x - radius * 1.15, y + radius);
      context.fill();
      return;
    case 'failed':
      context.fillRect(x - radius * 0.9, y - radius * 0.9, radius * 1.8, radius * 1.8);
      return;
    case 'stopped':
      context.fillRect(x - radius * 0.9, y - radius, radius * 0.65, radius * 2);
      context.fillRect(x + radius * 0.25, y - radius, radius * 0.65, radius * 2);
      return;
    case 'unknown':
      context.arc(x, y, radius - 0.5, 0, 2 * Math.PI);
      context.stroke();
  }
}

/** The dashed outline that says: simulated. */
export function drawSimulated(
  context: CanvasRenderingContext2D,
  tone: Tone,
  x: number,
  y: number,
  radius: number,
  palette: MapPalette,
): void {
  context.strokeStyle = palette.tones[tone];
  context.lineWidth = 1;
  context.setLineDash([2, 1.6]);
  context.beginPath();
  context.arc(x, y, radius + 2.5, 0, 2 * Math.PI);
  context.stroke();
  context.setLineDash([]);
}
