import { z } from 'zod';
import * as c from '@/protocol/api/common';
import { Me, NotificationView } from '@/protocol/api/people';
import { listNotifications, markRead } from '@/server/services/notifications';
import { getMe } from '@/server/services/people/get-me';
import { permitted, router } from '../init';

export const meRouter = router({
  get: permitted('self')
    .output(Me)
    .query(({ ctx }) => getMe(ctx.db, ctx.person, ctx.now)),
  notifications: permitted('self')
    .output(z.array(NotificationView))
    .query(({ ctx }) => listNotifications(ctx.db, ctx.person.id)),
  markRead: permitted('self')
    .input(z.object({ ids: z.array(c.Id).max(200) }))
    .output(z.object({ marked: z.int() }))
    .mutation(({ ctx, input }) => markRead(ctx.db, ctx.person.id, input.ids, ctx.now)),
});
