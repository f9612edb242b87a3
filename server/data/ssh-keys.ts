import type { Tx } from '@/server/db';

const select = { id: true, name: true, publicKey: true, fingerprint: true, createdAt: true } as const;

/** The person's keys, oldest first. */
export function findKeys(db: Tx, userId: string) {
  return db.sshKey.findMany({ where: { userId }, orderBy: { createdAt: 'asc' }, select });
}

/** Null when the person has this key already. */
export async function insertKey(
  tx: Tx,
  key: { userId: string; name: string; publicKey: string; fingerprint: string; createdAt: Date },
) {
  const made = await tx.sshKey.createManyAndReturn({ data: [key], skipDuplicates: true, select });
  return made[0] ?? null;
}

/** The key that went, or null when the person has none of this id. */
export async function deleteKey(tx: Tx, userId: string, id: string): Promise<{ fingerprint: string } | null> {
  const row = await tx.sshKey.findFirst({ where: { id, userId }, select: { fingerprint: true } });
  if (row) await tx.sshKey.deleteMany({ where: { id, userId } });
  return row;
}

/** Slices with slivers to which the person's keys go. */
export async function findKeyedSliceIds(db: Tx, userId: string): Promise<string[]> {
  const rows = await db.slice.findMany({
    where: {
      members: { some: { userId } },
      state: { in: ['approved', 'deploying', 'active', 'degraded', 'failed', 'suspended'] },
    },
    select: { id: true },
  });
  return rows.map((row) => row.id);
}
