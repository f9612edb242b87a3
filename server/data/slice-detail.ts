import type { Tx } from '../db';
import { requestSelect } from './requests';

/** What the slice page shows beside the list's columns. */
export function findSliceDetail(db: Tx, id: string) {
  return db.slice.findUnique({
    where: { id },
    select: {
      urn: true,
      siteId: true,
      ownerId: true,
      spec: true,
      minimumCount: true,
      approvedCount: true,
      graceSeconds: true,
      approvedAt: true,
      deployedAt: true,
      deletedAt: true,
      members: { select: { user: { select: { id: true, name: true, email: true } } }, orderBy: { createdAt: 'asc' } },
      requests: { select: requestSelect, orderBy: { createdAt: 'desc' }, take: 50 },
    },
  });
}

/** Slivers that are to leave and have not, and when the last of them is over by itself. */
export async function findLeaving(db: Tx, sliceId: string): Promise<{ count: number; latestEnd: Date | null }> {
  const rows = await db.$queryRaw<{ count: number; latestEnd: Date | null }[]>`
    SELECT count(*)::int AS count, max(coalesce(l."endsAt", s."endsAt") + make_interval(secs => s."graceSeconds")) AS "latestEnd"
    FROM "Sliver" v JOIN "Slice" s ON s.id = v."sliceId" LEFT JOIN "Lease" l ON l."sliverId" = v.id
    WHERE v."sliceId" = ${sliceId}::uuid AND v.desired = 'gone' AND v."goneAt" IS NULL`;
  return rows[0] ?? { count: 0, latestEnd: null };
}

export function findSteps(db: Tx, sliceId: string, options: { sliverId?: string | undefined; limit: number }) {
  return db.deploymentStep.findMany({
    where: { sliceId, ...(options.sliverId ? { sliverId: options.sliverId } : {}) },
    orderBy: { id: 'desc' },
    take: options.limit,
    select: {
      id: true,
      sliverId: true,
      step: true,
      outcome: true,
      attempt: true,
      reason: true,
      startedAt: true,
      endedAt: true,
      sliver: { select: { node: { select: { hostname: true } } } },
    },
  });
}

/** The audit lines of this slice, newest first: its name may have been another's before it was made. */
export async function findSliceEvents(db: Tx, sliceId: string) {
  const slice = await db.slice.findUnique({
    where: { id: sliceId },
    select: { name: true, createdAt: true, deletedAt: true },
  });
  if (!slice) return [];
  return db.auditEvent.findMany({
    where: {
      objectKind: 'slice',
      objectId: slice.name,
      at: { gte: slice.createdAt, ...(slice.deletedAt && { lte: slice.deletedAt }) },
    },
    orderBy: { id: 'desc' },
    take: 500,
    select: { id: true, at: true, actor: true, action: true, facts: true },
  });
}
