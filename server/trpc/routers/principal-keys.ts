import { z } from 'zod';
import * as c from '@/protocol/api/common';
import * as k from '@/protocol/api/principal-keys';
import { approveKey } from '@/server/services/principal-keys/approve';
import { listHolderLeases, listKeysToDecide, listOwnKeys, managerStart } from '@/server/services/principal-keys/read';
import { registerKey } from '@/server/services/principal-keys/register';
import { permitted, router, signedInProcedure, sliceProcedure } from '../init';

export const principalKeysRouter = router({
  list: permitted('self')
    .output(z.array(k.PrincipalKeyView))
    .query(({ ctx }) => listOwnKeys(ctx.db, ctx.person)),
  register: permitted('self')
    .input(k.RegisterKeyInput)
    .output(k.PrincipalKeyView)
    .mutation(({ ctx, input }) => registerKey(ctx.db, ctx.person, input, ctx.now)),
  start: permitted('self')
    .output(k.ManagerStart)
    .query(({ ctx }) => managerStart(ctx.db, ctx.person)),
  toDecide: permitted('principalKey.read')
    .output(z.array(k.DecidableKeyView))
    .query(({ ctx }) => listKeysToDecide(ctx.db, ctx.person)),
  approve: signedInProcedure('principalKey.approve')
    .input(z.object({ id: c.Id }))
    .output(k.DecidableKeyView)
    .mutation(({ ctx, input }) => approveKey(ctx.db, ctx.person, input.id, ctx.now)),
  leases: sliceProcedure('slice.read')
    .output(z.array(k.HolderLeaseRow))
    .query(({ ctx }) => listHolderLeases(ctx.db, ctx.slice.urn)),
});
