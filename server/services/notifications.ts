import { z } from 'zod';
import type { NotificationView } from '@/protocol/api/people';
import { findNotifications, insertNotifications, type NewNotification, updateRead } from '@/server/data/notifications';
import type { Db, Tx } from '@/server/db';
import { notify } from '@/server/notify';

/** Tells these people, each once, in the transaction that made the news. */
export async function tell(tx: Tx, userIds: readonly string[], news: Omit<NewNotification, 'userId'>): Promise<void> {
  const people = [...new Set(userIds)];
  await insertNotifications(
    tx,
    people.map((userId) => ({ ...news, userId })),
  );
  for (const id of people) await notify(tx, { k: 'user', id });
}

/** A JSON column is a boundary too. */
const Facts = z.record(z.string(), z.unknown());

/** The person's newest 100 notifications, unread ones first. */
export async function listNotifications(db: Tx, userId: string): Promise<z.infer<typeof NotificationView>[]> {
  const rows = await findNotifications(db, userId);
  return rows.map(({ userId: _, facts, ...row }) => ({ ...row, facts: Facts.parse(facts) }));
}

/** Marks own notifications as read. Idempotent; ids of others are passed over. */
export function markRead(db: Db, userId: string, ids: readonly string[], now: Date): Promise<{ marked: number }> {
  return db.$transaction(async (tx) => {
    const marked = await updateRead(tx, userId, ids, now);
    if (marked > 0) await notify(tx, { k: 'user', id: userId });
    return { marked };
  });
}
