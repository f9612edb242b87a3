import type { Tx } from '@/server/db';

export type NewNotification = {
  userId: string;
  kind: string;
  facts: Record<string, string | number | boolean | null>;
  href: string;
  createdAt: Date;
};

export async function insertNotifications(tx: Tx, rows: readonly NewNotification[]): Promise<void> {
  if (rows.length > 0) await tx.notification.createMany({ data: [...rows] });
}

/** The person's newest 100; all unread first. */
export function findNotifications(db: Tx, userId: string) {
  return db.notification.findMany({
    where: { userId },
    orderBy: [{ readAt: { sort: 'desc', nulls: 'first' } }, { createdAt: 'desc' }],
    take: 100,
  });
}

/** Marks the person's own among `ids` as read; how many were unread. */
export async function updateRead(db: Tx, userId: string, ids: readonly string[], now: Date): Promise<number> {
  const done = await db.notification.updateMany({
    where: { userId, id: { in: [...ids] }, readAt: null },
    data: { readAt: now },
  });
  return done.count;
}
