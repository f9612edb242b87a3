import { placesOf } from '@/core/slice/placement';
import type { SliceState } from '@/protocol/api/common';
import { PlacedSpec } from '@/protocol/api/slice';
import type { Tx } from '../db';

const columns = {
  id: true,
  name: true,
  siteId: true,
  state: true,
  spec: true,
  sliverCount: true,
  minimumCount: true,
  approvedCount: true,
  cpuMilli: true,
  memoryMiB: true,
  diskMiB: true,
  networkKbps: true,
  ownManager: true,
} as const;

export type PlacedSlice = NonNullable<Awaited<ReturnType<typeof findPlaced>>>;

/** A slice with what it is to be by now. */
export async function findPlaced(db: Tx, id: string) {
  const row = await db.slice.findUnique({ where: { id }, select: columns });
  return row && { ...row, state: row.state satisfies SliceState, spec: PlacedSpec.parse(row.spec) };
}

/** As `findPlaced`, with its row locked until the transaction ends: whoever grows, shrinks, moves or deletes it waits. */
export async function lockPlaced(tx: Tx, id: string): Promise<PlacedSlice | null> {
  await tx.$queryRaw`SELECT 1 FROM "Slice" WHERE id = ${id}::uuid FOR UPDATE`;
  return findPlaced(tx, id);
}

/** Writes what the slice is to be from now on: the spec, and the counts that follow from it. */
export async function writePlacement(
  tx: Tx,
  id: string,
  spec: PlacedSpec,
  more: { approvedCount?: number; growingSince?: Date } = {},
): Promise<void> {
  await tx.slice.update({
    where: { id },
    data: { spec, sliverCount: placesOf(spec), minimumCount: spec.minimum, ...more },
  });
}

export type ChangeSliver = {
  id: string;
  nodeUrn: string;
  hostname: string;
  site: string;
  siteId: string;
  country: string | null;
  written: 'online' | 'late' | 'unreachable' | null;
  heardAt: Date | null;
  adminSwitch: 'open' | 'draining' | 'closed';
  desired: string;
  reported: string;
  goneAt: Date | null;
  givenUpAt: Date | null;
  picked: boolean;
  part: number;
  createdAt: Date;
  substituted: boolean;
  /** It is on its way to another node, or is itself the new one of a move. */
  moving: boolean;
  movingIn: boolean;
};

/** Every sliver of the slice with what shrinking and moving go by. */
export function findChangeSlivers(db: Tx, sliceId: string): Promise<ChangeSliver[]> {
  return db.$queryRaw<ChangeSliver[]>`
    SELECT v.id::text, n.urn AS "nodeUrn", n.hostname, t."loginBase" AS site, n."siteId"::text AS "siteId", n.country,
      h.reachability::text AS written, h.at AS "heardAt", n."adminSwitch"::text AS "adminSwitch", v.desired::text, v.reported::text,
      v."goneAt", v."givenUpAt", v.picked, v.part, v."createdAt",
      EXISTS (SELECT 1 FROM "Sliver" o WHERE o."substituteForId" = v.id) AS substituted,
      EXISTS (SELECT 1 FROM "SliverMove" m WHERE m."fromId" = v.id AND m."settledAt" IS NULL) AS moving,
      EXISTS (SELECT 1 FROM "SliverMove" m WHERE m."toId" = v.id AND m."settledAt" IS NULL) AS "movingIn"
    FROM "Sliver" v JOIN "Node" n ON n.id = v."nodeId" JOIN "Site" t ON t.id = n."siteId" LEFT JOIN "Heartbeat" h ON h."nodeId" = n.id
    WHERE v."sliceId" = ${sliceId}::uuid ORDER BY v."createdAt", v.id`;
}

/** Gives slivers up for good. Gives those that are to be released now; the others are leaving, or have left, already. */
export async function giveUpSlivers(tx: Tx, ids: readonly string[], now: Date): Promise<string[]> {
  const rows = await tx.$queryRaw<{ id: string; release: boolean }[]>`
    WITH old AS (SELECT id, desired <> 'gone' AND "goneAt" IS NULL AS release FROM "Sliver" WHERE id = ANY(${[...ids]}::uuid[]) ORDER BY id FOR NO KEY UPDATE)
    UPDATE "Sliver" v SET desired = 'gone', "givenUpAt" = ${now}, "changedAt" = now() FROM old WHERE v.id = old.id
    RETURNING v.id::text AS id, old.release`;
  return rows.filter((row) => row.release).map((row) => row.id);
}

/** Sets slivers on their way. One that is on its way already stays on it. Gives those that began. */
export async function insertMoves(
  tx: Tx,
  sliceId: string,
  fromIds: readonly string[],
  how: { targetNode: string | null; otherSite: boolean; createdAt: Date },
): Promise<string[]> {
  const data = fromIds.map((fromId) => ({ sliceId, fromId, ...how }));
  const made = await tx.sliverMove.createManyAndReturn({ data, skipDuplicates: true, select: { fromId: true } });
  return made.map((move) => move.fromId);
}

/** Calls off the open move of a sliver. Gives the new sliver (null: none yet), or undefined when there is no open move. */
export async function cancelMove(
  tx: Tx,
  sliceId: string,
  fromId: string,
  now: Date,
): Promise<string | null | undefined> {
  const open = await tx.sliverMove.findFirst({
    where: { sliceId, fromId, settledAt: null },
    select: { id: true, toId: true },
  });
  if (!open) return undefined;
  await tx.sliverMove.update({ where: { id: open.id }, data: { state: 'cancelled', settledAt: now } });
  return open.toId;
}
