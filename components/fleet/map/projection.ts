import { type GeoProjection, geoEqualEarth } from 'd3-geo';

/** A place on the flat world, in units of the unzoomed drawing (the world is about 1,000 wide). */
export type Flat = readonly [x: number, y: number];
/** screen = world × scale + offset, in CSS pixels. */
export type View = { scale: number; x: number; y: number };
export type Size = { width: number; height: number };

/** Width of the whole world in flat units; Equal Earth is 2.05 times as wide as high. */
export const WORLD_WIDTH = 1000;
const WORLD_HEIGHT = 487;

/** Equal-area, so that a continent is as large as it is. Centred on (0, 0). */
export function flatProjection(): GeoProjection {
  return geoEqualEarth()
    .translate([0, 0])
    .fitExtent(
      [
        [-WORLD_WIDTH / 2, -WORLD_HEIGHT / 2],
        [WORLD_WIDTH / 2, WORLD_HEIGHT / 2],
      ],
      { type: 'Sphere' },
    );
}

const shared = flatProjection();

/** Degrees to the flat world. Both must be finite and in range; the importer and the schema see to that. */
export function flatten(latitude: number, longitude: number): Flat {
  return shared([longitude, latitude]) ?? [0, 0];
}

/** The view that shows the whole world in a box, centred. */
export function wholeWorld(size: Size, margin = 8): View {
  const scale = Math.max(
    0.05,
    Math.min((size.width - 2 * margin) / WORLD_WIDTH, (size.height - 2 * margin) / WORLD_HEIGHT),
  );
  return { scale, x: size.width / 2, y: size.height / 2 };
}

/** How far one may zoom in, as a multiple of the whole world: a city fills the screen. */
export const MAX_ZOOM = 400;

/** Zooms by `factor` so that the point under (x, y) stays there; bounded to [whole world, MAX_ZOOM]. */
export function zoomAt(view: View, size: Size, factor: number, x: number, y: number): View {
  const least = wholeWorld(size).scale;
  const scale = Math.min(least * MAX_ZOOM, Math.max(least, view.scale * factor));
  const by = scale / view.scale;
  return hold({ scale, x: x - (x - view.x) * by, y: y - (y - view.y) * by }, size);
}

export function panBy(view: View, size: Size, dx: number, dy: number): View {
  return hold({ ...view, x: view.x + dx, y: view.y + dy }, size);
}

/** Keeps the world in sight: its edge never comes past the middle of the box, and a world that fits stays centred. */
function hold(view: View, size: Size): View {
  const clamp = (offset: number, extent: number, world: number) => {
    const half = (world * view.scale) / 2;
    if (half * 2 <= extent) return extent / 2;
    return Math.min(half + extent / 4, Math.max(extent - half - extent / 4, offset));
  };
  return { ...view, x: clamp(view.x, size.width, WORLD_WIDTH), y: clamp(view.y, size.height, WORLD_HEIGHT) };
}

/** The view that shows these flat points with a margin; the whole world for none. A single point gets a region around it. */
export function fitView(points: readonly Flat[], size: Size, margin = 60): View {
  if (points.length === 0) return wholeWorld(size);
  const xs = points.map((point) => point[0]);
  const ys = points.map((point) => point[1]);
  const [left, right, top, bottom] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  const least = wholeWorld(size).scale;
  const wanted = Math.min(
    Math.max(1, size.width - 2 * margin) / Math.max(right - left, 1e-6),
    Math.max(1, size.height - 2 * margin) / Math.max(bottom - top, 1e-6),
  );
  const scale = Math.min(least * MAX_ZOOM, Math.max(least, wanted));
  return hold(
    { scale, x: size.width / 2 - ((left + right) / 2) * scale, y: size.height / 2 - ((top + bottom) / 2) * scale },
    size,
  );
}

export function toScreen(view: View, [x, y]: Flat): [number, number] {
  return [x * view.scale + view.x, y * view.scale + view.y];
}
