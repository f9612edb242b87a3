import type { z } from 'zod';
import type { NotificationView } from '@/protocol/api/people';
import type { Tx } from '@/server/db';

export function listNotifications(_db: Tx, _userId: string): Promise<z.infer<typeof NotificationView>[]> {
  throw new Error('listNotifications is not built yet');
}

export function markRead(_db: Tx, _userId: string, _ids: readonly string[], _now: Date): Promise<{ marked: number }> {
  throw new Error('markRead is not built yet');
}
