import { z } from 'zod';
import * as c from '@/protocol/api/common';
import { AddKeyInput, KeyView } from '@/protocol/api/people';
import { addKey } from '@/server/services/keys/add-key';
import { listKeys } from '@/server/services/keys/list-keys';
import { removeKey } from '@/server/services/keys/remove-key';
import { permitted, router } from '../init';

export const keysRouter = router({
  list: permitted('self')
    .output(z.array(KeyView))
    .query(({ ctx }) => listKeys(ctx.db, ctx.person.id)),
  add: permitted('self')
    .input(AddKeyInput)
    .output(KeyView)
    .mutation(({ ctx, input }) => addKey(ctx.db, ctx.person, input, ctx.now)),
  remove: permitted('self')
    .input(z.object({ id: c.Id }))
    .output(z.object({ id: c.Id }))
    .mutation(({ ctx, input }) => removeKey(ctx.db, ctx.person, input.id, ctx.now)),
});
