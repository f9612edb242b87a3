import type { Tx } from '@/server/db';

const select = { id: true, name: true, createdAt: true, expiresAt: true, lastUsedAt: true, revokedAt: true } as const;

export function insertApiKey(
  tx: Tx,
  key: { userId: string; name: string; tokenHash: string; createdAt: Date; expiresAt: Date },
) {
  return tx.apiKey.create({ data: key, select });
}

/** The person's tokens, newest first; at most 200. */
export function findApiKeys(db: Tx, userId: string) {
  return db.apiKey.findMany({ where: { userId }, orderBy: { createdAt: 'desc' }, take: 200, select });
}

export function countLiveApiKeys(db: Tx, userId: string, now: Date): Promise<number> {
  return db.apiKey.count({ where: { userId, revokedAt: null, expiresAt: { gt: now } } });
}

/** The user of a token that is neither revoked nor expired. */
export function findApiKeyUser(db: Tx, tokenHash: string, now: Date) {
  return db.apiKey.findFirst({
    where: { tokenHash, revokedAt: null, expiresAt: { gt: now } },
    select: { id: true, userId: true, lastUsedAt: true },
  });
}

export async function updateLastUsed(db: Tx, id: string, now: Date): Promise<void> {
  await db.apiKey.updateMany({ where: { id }, data: { lastUsedAt: now } });
}

/** False when the person has no such unrevoked token. */
export async function updateApiKeyRevoked(tx: Tx, userId: string, id: string, now: Date): Promise<boolean> {
  return (await tx.apiKey.updateMany({ where: { id, userId, revokedAt: null }, data: { revokedAt: now } })).count === 1;
}

export function countApiKey(db: Tx, userId: string, id: string): Promise<number> {
  return db.apiKey.count({ where: { id, userId } });
}
