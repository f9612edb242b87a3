import { z } from 'zod';
import * as c from '@/protocol/api/common';
import { AcceptInviteInput, InviteAnswer, InviteInput, InvitePreview } from '@/protocol/api/people';
import { acceptInvite } from '@/server/services/invites/accept-invite';
import { createInvite } from '@/server/services/invites/create-invite';
import { previewInvite } from '@/server/services/invites/preview-invite';
import { revokeInvite } from '@/server/services/invites/revoke-invite';
import { publicProcedure, router, signedInProcedure } from '../init';

const Token = z.object({ token: AcceptInviteInput.shape.token });

export const invitesRouter = router({
  create: signedInProcedure('invite.create')
    .input(InviteInput)
    .output(InviteAnswer)
    .mutation(({ ctx, input }) => createInvite(ctx.db, ctx.person, input, ctx.now)),
  revoke: signedInProcedure('invite.revoke')
    .input(z.object({ id: c.Id }))
    .output(z.object({ id: c.Id }))
    .mutation(({ ctx, input }) => revokeInvite(ctx.db, ctx.person, input.id, ctx.now)),
  preview: publicProcedure
    .input(Token)
    .output(InvitePreview)
    .query(({ ctx, input }) => previewInvite(ctx.db, input.token, ctx.now)),
  /**
   * Makes the account (then sign in with the same password). With an account already: sign in first, then accept; name and
   * password are left alone.
   */
  accept: publicProcedure
    .input(
      Token.extend({
        name: AcceptInviteInput.shape.name.optional(),
        password: AcceptInviteInput.shape.password.optional(),
      }),
    )
    .output(z.object({ email: z.string(), site: z.string().nullable() }))
    .mutation(({ ctx, input }) => acceptInvite(ctx.db, ctx.person, input, ctx.now)),
});
