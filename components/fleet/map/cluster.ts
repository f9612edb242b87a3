import type { Flat } from './projection';

/** Something at a flat place. */
export type Placed<T> = { item: T; at: Flat };
/** Neighbours that would overlap, around their mean place. `tight`: all on one spot, so that no zoom parts them. */
export type Cluster<T> = { members: Placed<T>[]; at: Flat; tight: boolean };

/** Marks nearer than this many pixels are one cluster. */
export const CLUSTER_PIXELS = 30;
/** A cluster on one spot of at most this many is drawn as its points, set around the spot. */
export const ROSETTE_MAX = 6;
const SPOT = 0.02;

/**
 * Groups what lies within CLUSTER_PIXELS of one another at a scale (pixels per flat unit). Each point joins the nearest
 * group within reach, else founds one; the order of `points` decides ties, so a fleet that does not change looks the same.
 */
export function cluster<T>(points: readonly Placed<T>[], scale: number, pixels = CLUSTER_PIXELS): Cluster<T>[] {
  const reach = pixels / scale;
  const cells = new Map<string, { seed: Flat; members: Placed<T>[] }[]>();
  const groups: { seed: Flat; members: Placed<T>[] }[] = [];
  for (const point of points) {
    const [cx, cy] = [Math.floor(point.at[0] / reach), Math.floor(point.at[1] / reach)];
    let best: { seed: Flat; members: Placed<T>[] } | undefined;
    let nearest = reach;
    for (let dx = -1; dx <= 1; dx++) {
      for (let dy = -1; dy <= 1; dy++) {
        for (const group of cells.get(`${cx + dx},${cy + dy}`) ?? []) {
          const distance = Math.hypot(group.seed[0] - point.at[0], group.seed[1] - point.at[1]);
          if (distance < nearest) [best, nearest] = [group, distance];
        }
      }
    }
    if (best) {
      best.members.push(point);
      continue;
    }
    const founded = { seed: point.at, members: [point] };
    const key = `${cx},${cy}`;
    const cell = cells.get(key);
    if (cell) cell.push(founded);
    else cells.set(key, [founded]);
    groups.push(founded);
  }
  return parted(
    groups.map(({ members }) => summed(members)),
    scale,
  );
}

/** Merges groups whose marks would overlap, nearest first, until none do. */
function parted<T>(groups: Cluster<T>[], scale: number): Cluster<T>[] {
  const left = [...groups];
  for (let i = 0; i < left.length; i++) {
    const group = left[i];
    if (!group) continue;
    const other = left.findIndex((each, j) => {
      if (j === i) return false;
      const apart = Math.hypot(each.at[0] - group.at[0], each.at[1] - group.at[1]) * scale;
      return apart < (markRadius(each) + markRadius(group)) * TOUCH;
    });
    const each = left[other];
    if (!each) continue;
    left.splice(Math.max(i, other), 1);
    left[Math.min(i, other)] = summed([...group.members, ...each.members]);
    i = Math.min(i, other) - 1; // the merged one may touch others now
  }
  return left;
}

/** Marks may touch a little; only what hides another is merged. */
const TOUCH = 0.92;

function markRadius(group: { members: readonly unknown[]; tight: boolean }): number {
  const n = group.members.length;
  if (!isRosette(group)) return ringRadius(n) + 2.5;
  return n === 1 ? 5 : 8 + 1.6 * n;
}

function summed<T>(members: Placed<T>[]): Cluster<T> {
  const n = members.length;
  const at: Flat = [members.reduce((sum, m) => sum + m.at[0], 0) / n, members.reduce((sum, m) => sum + m.at[1], 0) / n];
  return { members, at, tight: members.every((m) => Math.hypot(m.at[0] - at[0], m.at[1] - at[1]) < SPOT) };
}

/** Is a cluster drawn as its points (alone, or few on one spot) rather than as a ring? */
export function isRosette(group: { members: readonly unknown[]; tight: boolean }): boolean {
  return group.members.length === 1 || (group.tight && group.members.length <= ROSETTE_MAX);
}

/** Offsets in pixels of the n points of a rosette: one in the middle, more on a circle, the first at the top. */
export function rosette(n: number): [number, number][] {
  if (n <= 1) return [[0, 0]];
  const radius = n === 2 ? 5.5 : 3.5 + 1.6 * n;
  return Array.from({ length: n }, (_, i) => {
    const angle = (i / n) * 2 * Math.PI - (n === 2 ? Math.PI : Math.PI / 2);
    return [Math.cos(angle) * radius, Math.sin(angle) * radius];
  });
}

/** Radius of a ring in pixels: grows with the logarithm, so that 3 and 300 are told apart and neither hides the map. */
export function ringRadius(n: number): number {
  return Math.min(26, 8.5 + 2.4 * Math.log2(n));
}

export type Arc<Tone> = { tone: Tone; count: number; from: number; to: number };

/** Angles [from, to) in radians, clockwise from the top, of each tone's share of a ring; in the order of `tones`. */
export function arcs<Tone extends string>(members: readonly Tone[], tones: readonly Tone[]): Arc<Tone>[] {
  let from = 0;
  return tones.flatMap((tone) => {
    const count = members.filter((member) => member === tone).length;
    if (count === 0) return [];
    const arc = { tone, count, from, to: from + (count / members.length) * 2 * Math.PI };
    from = arc.to;
    return [arc];
  });
}

/** An arc as an SVG path on a circle of `radius`; a whole circle is drawn as two halves. */
export function arcPath(radius: number, from: number, to: number): string {
  const at = (angle: number) => `${(Math.sin(angle) * radius).toFixed(2)} ${(-Math.cos(angle) * radius).toFixed(2)}`;
  if (to - from >= 2 * Math.PI - 1e-6) {
    return `M${at(from)}A${radius} ${radius} 0 1 1 ${at(from + Math.PI)}A${radius} ${radius} 0 1 1 ${at(from)}`;
  }
  return `M${at(from)}A${radius} ${radius} 0 ${to - from > Math.PI ? 1 : 0} 1 ${at(to)}`;
}
