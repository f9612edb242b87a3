import type { SliceChange } from '@/protocol/api/change';
import type { Tx } from '@/server/db';

/** Whose request of which site. */
export async function findRequestFacts(db: Tx, requestId: string) {
  const row = await db.request.findUnique({
    where: { id: requestId },
    select: { id: true, sliceId: true, requestedById: true, slice: { select: { siteId: true } } },
  });
  return row && { id: row.id, sliceId: row.sliceId, requestedById: row.requestedById, siteId: row.slice.siteId };
}

const person = { select: { id: true, name: true, email: true } } as const;

/** What `requestView` reads of a request: also for the slice page. */
export const requestSelect = {
  id: true,
  kind: true,
  change: true,
  state: true,
  reason: true,
  termSeconds: true,
  createdAt: true,
  requestedBy: person,
  decision: { select: { outcome: true, comment: true, at: true, by: person } },
} as const;

/** The request with the slice that it is about. */
export function findRequest(db: Tx, id: string) {
  return db.request.findUnique({
    where: { id },
    select: {
      id: true,
      kind: true,
      change: true,
      state: true,
      termSeconds: true,
      requestedById: true,
      slice: {
        select: {
          id: true,
          name: true,
          siteId: true,
          state: true,
          startsAt: true,
          endsAt: true,
          graceSeconds: true,
          ownManager: true,
          sliverCount: true,
          approvedCount: true,
          spec: true,
          cpuMilli: true,
          memoryMiB: true,
          diskMiB: true,
          networkKbps: true,
        },
      },
    },
  });
}

export function countPendingOf(db: Tx, userId: string): Promise<number> {
  return db.request.count({ where: { requestedById: userId, state: 'pending' } });
}

/** Null when the slice has a pending request already. */
export async function insertRequest(
  tx: Tx,
  request: {
    kind: 'create' | 'renew' | 'change';
    sliceId: string;
    requestedById: string;
    reason: string;
    /** 0 for a change: its slivers get the slice's present end. */
    termSeconds: number;
    change?: SliceChange;
    createdAt: Date;
  },
): Promise<string | null> {
  // The partial index on pending requests: one at a time for a slice.
  const made = await tx.request.createManyAndReturn({ data: [request], skipDuplicates: true, select: { id: true } });
  return made[0]?.id ?? null;
}

/** Takes a pending request to its end; false when somebody else did before. */
export async function updatePending(
  tx: Tx,
  id: string,
  state: 'approved' | 'rejected' | 'withdrawn',
): Promise<boolean> {
  return (await tx.request.updateMany({ where: { id, state: 'pending' }, data: { state } })).count === 1;
}

/** Fixes the new end of a renewal that is being approved. */
export async function updateRenewedEnd(tx: Tx, id: string, endsAt: Date): Promise<void> {
  await tx.request.update({ where: { id }, data: { endsAt } });
}

export function findPendingOfSlice(db: Tx, sliceId: string) {
  return db.request.findFirst({
    where: { sliceId, state: 'pending' },
    select: { id: true, kind: true, requestedById: true },
  });
}

export async function insertDecision(
  tx: Tx,
  decision: {
    requestId: string;
    byId: string;
    outcome: 'approved' | 'rejected';
    comment: string;
    quota: { limit: Record<string, number> | null; used: Record<string, number>; wants: Record<string, number> };
    at: Date;
  },
): Promise<void> {
  await tx.decision.create({ data: decision });
}

/** Pending requests of these sites (null: of all), oldest first. */
export function findPending(db: Tx, siteIds: readonly string[] | null) {
  return db.request.findMany({
    where: { state: 'pending', ...(siteIds ? { slice: { siteId: { in: [...siteIds] } } } : {}) },
    orderBy: [{ createdAt: 'asc' }, { id: 'asc' }],
    take: 500,
    select: {
      ...requestSelect,
      slice: {
        select: {
          id: true,
          name: true,
          sliverCount: true,
          minimumCount: true,
          approvedCount: true,
          startsAt: true,
          endsAt: true,
          spec: true,
          cpuMilli: true,
          memoryMiB: true,
          diskMiB: true,
          networkKbps: true,
          site: { select: { id: true, loginBase: true, name: true, country: true } },
        },
      },
    },
  });
}

/** Decided requests of these sites (null: of all), newest decision first. */
export function findDecided(db: Tx, siteIds: readonly string[] | null, limit: number) {
  return db.request.findMany({
    where: { decision: { isNot: null }, ...(siteIds ? { slice: { siteId: { in: [...siteIds] } } } : {}) },
    orderBy: { decision: { at: 'desc' } },
    take: limit,
    select: { ...requestSelect, slice: { select: { name: true } } },
  });
}
