import type { FleetNode } from '@/protocol/api/fleet';
import { toneOf } from '../node-standing';
import { type Cluster, cluster, isRosette, type Placed, rosette } from './cluster';
import type { Dot } from './draw';
import { flatten, toScreen, type View } from './projection';

/** Nodes with their places on the flat world; those without coordinates are left out (the table has them). */
export function placeNodes(nodes: readonly FleetNode[]): Placed<FleetNode>[] {
  return nodes.flatMap((item) => {
    if (item.latitude === null || item.longitude === null) return [];
    return [{ item, at: flatten(item.latitude, item.longitude) }];
  });
}

/** Clusters are made anew only when the scale passes a step of this: rings stay put while one pans or zooms a little. */
const SCALE_STEP = 1.35;

/** The scale at which a view's clusters are made. */
export function clusterScale(scale: number): number {
  return SCALE_STEP ** Math.round(Math.log(scale) / Math.log(SCALE_STEP));
}

export type MapLayout = { rings: Cluster<FleetNode>[]; singles: Cluster<FleetNode>[] };

/** What is drawn as rings and what as points, at a scale. */
export function layOut(placed: readonly Placed<FleetNode>[], scale: number): MapLayout {
  const groups = cluster(placed, scale);
  return { rings: groups.filter((group) => !isRosette(group)), singles: groups.filter(isRosette) };
}

/** The points of a view in CSS pixels. */
export function dotsOf(singles: readonly Cluster<FleetNode>[], view: View): Dot[] {
  return singles.flatMap(({ members, at }) => {
    const [x, y] = toScreen(view, at);
    const offsets = rosette(members.length);
    return members.map(({ item }, index): Dot => {
      const [dx, dy] = offsets[index] ?? [0, 0];
      return {
        id: item.id,
        x: x + dx,
        y: y + dy,
        tone: toneOf(item),
        simulated: item.simulated,
      };
    });
  });
}

/** The dot under a place, nearest first, within reach; null for none. */
export function dotAt(dots: readonly Dot[], x: number, y: number, reach: number): Dot | null {
  let best: Dot | null = null;
  let nearest = reach;
  for (const dot of dots) {
    const distance = Math.hypot(dot.x - x, dot.y - y);
    if (distance <= nearest) [best, nearest] = [dot, distance];
  }
  return best;
}
