import { z } from 'zod';
import * as c from '@/protocol/api/common';
import { RevocationView, RevokeInput, RevokeOutput, RevokePreview, RevokeTarget } from '@/protocol/api/revocations';
import { listRevocations } from '@/server/services/trust/revoke/list';
import { previewRevocation } from '@/server/services/trust/revoke/preview';
import { resolveTarget } from '@/server/services/trust/revoke/resolve';
import { restore } from '@/server/services/trust/revoke/restore';
import { revoke } from '@/server/services/trust/revoke/revoke';
import { rotateAgentKey } from '@/server/services/trust/rotate-agent-key';
import { permitted, router, signedInProcedure } from '../init';

export const revocationsRouter = router({
  list: permitted('trust.revocations')
    .output(z.array(RevocationView))
    .query(({ ctx }) => listRevocations(ctx.db, ctx.person)),
  resolve: signedInProcedure('trust.revoke')
    .input(
      z.object({
        kind: z.enum(['delegation', 'agent', 'node', 'key', 'ticket']),
        name: z.string().min(1).max(256),
        agent: z.string().max(256).nullable(),
      }),
    )
    .output(RevokeTarget)
    .query(({ ctx, input }) => resolveTarget(ctx.db, ctx.person, input)),
  preview: signedInProcedure('trust.revoke')
    .input(z.object({ target: RevokeTarget }))
    .output(RevokePreview)
    .query(({ ctx, input }) => previewRevocation(ctx.db, ctx.person, input.target)),
  revoke: signedInProcedure('trust.revoke')
    .input(RevokeInput)
    .output(RevokeOutput)
    .mutation(({ ctx, input }) => revoke(ctx.db, ctx.person, input, ctx.now)),
  rotateAgentKey: permitted('trust.rotate')
    .input(z.object({ agent: z.string().min(1).max(256) }))
    .output(z.object({ agent: z.string() }))
    .mutation(({ ctx, input }) => rotateAgentKey(ctx.db, ctx.person, input.agent, ctx.now)),
  restore: permitted('trust.restore')
    .input(z.object({ id: c.Id }))
    .output(z.object({ nodes: z.int() }))
    .mutation(({ ctx, input }) => restore(ctx.db, ctx.person, input.id, ctx.now)),
});
