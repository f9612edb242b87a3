import type { SliceSpec } from '@/protocol/api/slice';
import type { Tx } from '@/server/db';
import { Prisma } from '@/server/generated/prisma/client';

/** Is the name used by a slice that is not over? */
export async function isNameTaken(db: Tx, name: string): Promise<boolean> {
  const states = ['rejected', 'withdrawn', 'deleted'] as const;
  return (await db.slice.count({ where: { name, state: { notIn: [...states] } } })) > 0;
}

/** The new slice's id; null when its name is taken: the partial index decides, also between two at once. */
export async function insertSlice(
  tx: Tx,
  slice: {
    name: string;
    urn: string;
    siteId: string;
    ownerId: string;
    spec: SliceSpec;
    sliverCount: number;
    minimumCount: number;
    cpuMilli: number;
    memoryMiB: number;
    diskMiB: number;
    networkKbps: number;
    termSeconds: number;
    graceSeconds: number;
    ownManager: boolean;
    createdAt: Date;
  },
): Promise<string | null> {
  const made = await tx.slice.createManyAndReturn({ data: [slice], skipDuplicates: true, select: { id: true } });
  const id = made[0]?.id ?? null;
  if (id) await tx.sliceMember.create({ data: { sliceId: id, userId: slice.ownerId } });
  return id;
}

export function findSliceState(db: Tx, id: string) {
  return db.slice.findUnique({
    where: { id },
    select: { name: true, siteId: true, state: true, startsAt: true, endsAt: true, graceSeconds: true },
  });
}

/** Approval begins the term: [startsAt, endsAt), and is for as many slivers as were asked for. False when the slice was not `requested` any more. */
export async function updateApproved(tx: Tx, id: string, startsAt: Date, endsAt: Date): Promise<boolean> {
  const done = await tx.$executeRaw`
    UPDATE "Slice" SET state = 'approved', "startsAt" = ${startsAt}, "endsAt" = ${endsAt}, "approvedAt" = ${startsAt}, "approvedCount" = "sliverCount"
    WHERE id = ${id}::uuid AND state = 'requested'`;
  return done === 1;
}

/** What is approved is there to be used: nobody deploys a slice that its people run by themselves. */
export async function updateHandedOver(tx: Tx, id: string, at: Date): Promise<void> {
  await tx.slice.update({ where: { id }, data: { state: 'active', deployedAt: at } });
}

/** A renewal of such a slice moves its end at once: its leases are its people's to renew. */
export async function updateOwnRenewed(tx: Tx, id: string, requestId: string, endsAt: Date, now: Date): Promise<void> {
  await tx.slice.update({ where: { id }, data: { state: 'active', reason: Prisma.DbNull, endsAt, warnedAt: null } });
  await tx.request.update({ where: { id: requestId }, data: { settledAt: now } });
}

/** Ends a request for a slice that never was. False when it was not `requested` any more. */
export async function updateRefused(tx: Tx, id: string, state: 'rejected' | 'withdrawn'): Promise<boolean> {
  return (await tx.slice.updateMany({ where: { id, state: 'requested' }, data: { state } })).count === 1;
}
