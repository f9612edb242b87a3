import type { SliceState } from '@/protocol/api/common';
import type { Tx } from '../db';

/** The slice's state with its row locked until the transaction ends; null when there is none. */
export async function lockSliceState(tx: Tx, id: string): Promise<SliceState | null> {
  const rows = await tx.$queryRaw<
    { state: SliceState }[]
  >`SELECT state::text AS state FROM "Slice" WHERE id = ${id}::uuid FOR UPDATE`;
  return rows[0]?.state ?? null;
}

/** Writes the state; whatever reason the former one had no longer holds. */
export async function writeSliceState(tx: Tx, id: string, state: SliceState, now: Date): Promise<void> {
  await tx.$executeRaw`
    UPDATE "Slice" SET state = ${state}::"SliceState", reason = NULL,
      "deletedAt" = CASE WHEN ${state} = 'deleted' THEN ${now} ELSE "deletedAt" END WHERE id = ${id}::uuid`;
}

/**
 * Wants every sliver of the slice gone; gives those that are to be released now (the others are leaving already), and how
 * many there are of which something may be left.
 */
export async function wantAllGone(tx: Tx, sliceId: string): Promise<{ release: string[]; left: number }> {
  const rows = await tx.$queryRaw<{ id: string }[]>`
    UPDATE "Sliver" SET desired = 'gone', "changedAt" = now()
    WHERE "sliceId" = ${sliceId}::uuid AND "goneAt" IS NULL AND desired <> 'gone' RETURNING id::text AS id`;
  const left = await tx.sliver.count({ where: { sliceId, goneAt: null } });
  return { release: rows.map((row) => row.id), left };
}

/** Adds a member; false when they were one. */
export async function addSliceMember(tx: Tx, sliceId: string, userId: string): Promise<boolean> {
  return (await tx.sliceMember.createMany({ data: [{ sliceId, userId }], skipDuplicates: true })).count === 1;
}

/** Takes a member off; false when they were none. */
export async function removeSliceMember(tx: Tx, sliceId: string, userId: string): Promise<boolean> {
  return (await tx.sliceMember.deleteMany({ where: { sliceId, userId } })).count === 1;
}

/** The enabled account of that address, whatever its case. */
export function findAccountByEmail(tx: Tx, email: string) {
  return tx.user.findFirst({
    where: { email: { equals: email, mode: 'insensitive' }, disabledAt: null },
    select: { id: true, email: true, name: true },
  });
}
