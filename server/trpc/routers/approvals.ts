import { z } from 'zod';
import { DecideInput, PendingRequest } from '@/protocol/api/approval';
import { SliceState } from '@/protocol/api/common';
import { RequestView } from '@/protocol/api/slice';
import { decideRequest } from '@/server/services/approvals/decide-request';
import { listDecided } from '@/server/services/approvals/list-decided';
import { listPending } from '@/server/services/approvals/list-pending';
import { permitted, requestProcedure, router } from '../init';

export const approvalsRouter = router({
  list: permitted('approvals.read')
    .output(z.array(PendingRequest))
    .query(({ ctx }) => listPending(ctx.db, ctx.person)),
  decided: permitted('approvals.read')
    .input(z.object({ limit: z.int().min(1).max(200).default(50) }))
    .output(z.array(RequestView.extend({ sliceName: z.string() })))
    .query(({ ctx, input }) => listDecided(ctx.db, ctx.person, input.limit)),
  decide: requestProcedure('request.decide')
    .input(DecideInput)
    .output(z.object({ name: z.string(), state: SliceState }))
    .mutation(({ ctx, input }) => decideRequest(ctx.db, ctx.person, input, ctx.now)),
});
