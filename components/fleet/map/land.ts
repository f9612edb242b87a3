import { type GeoPermissibleObjects, geoGraticule, geoPath } from 'd3-geo';
import { feature, mesh } from 'topojson-client';
import { flatProjection } from './projection';

/** Natural Earth as paths in flat units, made once a resolution and kept. */
export type Land = { land: Path2D; borders: Path2D };

type Atlas = Parameters<typeof feature>[0];
const kept: Partial<Record<'coarse' | 'fine', Promise<Land>>> = {};

/** Loads land and borders (Natural Earth through world-atlas): 1:110m for the world, 1:50m once zoomed in. */
export function loadLand(resolution: 'coarse' | 'fine'): Promise<Land> {
  kept[resolution] ??= (
    resolution === 'coarse' ? import('world-atlas/countries-110m.json') : import('world-atlas/countries-50m.json')
  )
    // JSON modules come with literal types that TopoJSON's own do not accept.
    .then((module) => toPaths(module.default as unknown as Atlas))
    .catch((error: unknown) => {
      delete kept[resolution]; // a failed download is tried again the next time
      throw error;
    });
  return kept[resolution];
}

function toPaths(atlas: Atlas): Land {
  const { land, countries } = atlas.objects;
  if (!land || !countries) throw new Error('The atlas holds no land.');
  return {
    land: toPath(feature(atlas, land)),
    borders: toPath(mesh(atlas, countries as Parameters<typeof mesh>[1], (a, b) => a !== b)),
  };
}

/** Meridians and parallels each ten degrees, meridians to the poles; and the outline of the world. */
export function graticule(): { lines: Path2D; outline: Path2D } {
  return {
    lines: toPath(geoGraticule().stepMinor([15, 15]).stepMajor([15, 90])()),
    outline: toPath({ type: 'Sphere' }),
  };
}

function toPath(object: GeoPermissibleObjects): Path2D {
  return new Path2D(geoPath(flatProjection().precision(0.2))(object) ?? '');
}
