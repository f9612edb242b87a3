import { stands } from '@/core/broker/fill-places';
import { chooseToGiveUp, type ShrinkWhy } from '@/core/slice/shrink';
import type { SliceView, SliverRow } from '@/protocol/api/slice';

/** On its way in: it takes over from a sliver that is still there, and leaves with that one's move. */
export function isComing(row: SliverRow, rows: readonly SliverRow[]): boolean {
  const from = row.movedFromId === null ? undefined : rows.find((r) => r.id === row.movedFromId);
  return from?.move?.state === 'open';
}

/** Has its place in the slice: it may be given up, or moved. */
export function hasPlace(row: SliverRow, rows: readonly SliverRow[]): boolean {
  if (isComing(row, rows)) return false;
  const replaced = rows.some((r) => r.substituteForId === row.id);
  return stands(row) || (row.reported === 'failed' && row.givenUpAt === null && !replaced);
}

export type Parting = { row: SliverRow; why: ShrinkWhy };

/** Which slivers go when the slice is to have `n` fewer, as the server's rule has it, and how many places stand empty and go first. */
export function partings(
  slice: SliceView,
  rows: readonly SliverRow[],
  n: number,
): { slivers: Parting[]; emptyPlaces: number } {
  const placed = rows.filter((r) => hasPlace(r, rows));
  const emptyPlaces = Math.max(0, Math.min(n, slice.sliverCount - placed.length));
  const chosen = chooseToGiveUp(
    placed.map((r) => ({
      ...{ id: r.id, node: r.node.urn, site: r.node.site, country: r.node.country, reported: r.reported },
      ...{
        online: r.node.reachability === 'online',
        draining: false,
        picked: r.picked,
        createdAt: r.createdAt.getTime(),
      },
    })),
    n - emptyPlaces,
  );
  const slivers = chosen.flatMap(({ id, why }) => {
    const row = placed.find((r) => r.id === id);
    return row ? [{ row, why }] : [];
  });
  return { slivers, emptyPlaces };
}

export const WHY: Record<ShrinkWhy, string> = {
  failed: 'failed',
  away: 'its node is away',
  'not-running': 'does not run yet',
  stopped: 'stopped',
  'leaving-node': 'its node is being emptied',
  crowded: 'where the slice has most',
};
