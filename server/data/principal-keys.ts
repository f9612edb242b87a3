import type { Tx } from '@/server/db';

const select = {
  id: true,
  userId: true,
  name: true,
  jkt: true,
  createdAt: true,
  approvedAt: true,
  approvedBy: { select: { name: true } },
  lastUsedAt: true,
  revokedAt: true,
  user: { select: { id: true, name: true, email: true } },
} as const;

/** The person's keys, newest first. */
export function findPrincipalKeys(db: Tx, userId: string) {
  return db.principalKey.findMany({ where: { userId }, orderBy: { createdAt: 'desc' }, select, take: 200 });
}

/** Those that wait first, then those that count, newest first; what was taken back is left out. */
export async function findKeysToDecide(db: Tx) {
  const where = { revokedAt: null };
  const orderBy = { createdAt: 'desc' } as const;
  const waiting = await db.principalKey.findMany({ where: { ...where, approvedAt: null }, orderBy, select, take: 500 });
  const counting = await db.principalKey.findMany({
    where: { ...where, approvedAt: { not: null } },
    orderBy,
    select,
    take: 500,
  });
  return [...waiting, ...counting];
}

export function findPrincipalKey(db: Tx, id: string) {
  return db.principalKey.findUnique({ where: { id }, select });
}

/** Null when the key is registered already, by whomever. */
export async function insertPrincipalKey(
  tx: Tx,
  key: { userId: string; name: string; jkt: string; publicKey: string; createdAt: Date },
) {
  const made = await tx.principalKey.createManyAndReturn({ data: [key], skipDuplicates: true, select: { id: true } });
  return made[0] ? findPrincipalKey(tx, made[0].id) : null;
}

export function countLivingKeys(tx: Tx, userId: string): Promise<number> {
  return tx.principalKey.count({ where: { userId, revokedAt: null } });
}

/** False when it was approved or taken back meanwhile. */
export async function markApproved(tx: Tx, id: string, byId: string, at: Date): Promise<boolean> {
  const done = await tx.principalKey.updateMany({
    where: { id, approvedAt: null, revokedAt: null },
    data: { approvedAt: at, approvedById: byId },
  });
  return done.count === 1;
}

export function findOwnAgents(db: Tx) {
  return db.agent.findMany({
    where: { partnerId: null, revokedAt: null },
    orderBy: { createdAt: 'asc' },
    select: { urn: true, address: true, jkt: true },
    take: 100,
  });
}

/** Living leases of a slice that others than the deployment hold, with whose key each is. */
export async function findHolderLeases(db: Tx, sliceUrn: string) {
  const rows = await db.holderLease.findMany({
    where: { sliceUrn, endedAt: null },
    orderBy: { jti: 'asc' },
    take: 2000,
    include: { node: { select: { urn: true, hostname: true } } },
  });
  const keys = await db.principalKey.findMany({
    where: { jkt: { in: [...new Set(rows.map((row) => row.holder))] } },
    select: { jkt: true, name: true, user: { select: { name: true } } },
  });
  const byJkt = new Map(keys.map((key) => [key.jkt, { name: key.name, person: key.user.name }]));
  return rows.map((row) => ({ ...row, key: byJkt.get(row.holder) ?? null }));
}
