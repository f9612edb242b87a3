import { z } from 'zod';
import {
  GrantChange,
  GrantInput,
  GrantPreview,
  PartnerInviteAnswer,
  PartnerInviteInput,
  PartnerJoinInput,
  PartnerView,
} from '@/protocol/api/partners';
import { Authority } from '@/protocol/pki/partner-token';
import { readPartners } from '@/server/data/partners';
import { endPartnership, grantNodes, revokeGrant } from '@/server/services/partners/grant-nodes';
import { inviter, joiner, ownAuthority } from '@/server/services/partners/here';
import { invitePartner } from '@/server/services/partners/invite-partner';
import { joinPartner } from '@/server/services/partners/join-partner';
import { planGrant } from '@/server/services/partners/plan-grant';
import { permitted, router } from '../init';

export const partnersRouter = router({
  list: permitted('partners.read')
    .output(z.object({ authority: z.string(), partners: z.array(PartnerView) }))
    .query(async ({ ctx }) => ({ authority: ownAuthority(), partners: await readPartners(ctx.db) })),
  invite: permitted('partners.manage')
    .input(PartnerInviteInput)
    .output(PartnerInviteAnswer)
    .mutation(async ({ ctx, input }) => invitePartner(ctx.db, await inviter(ctx.db), ctx.person, input, ctx.now)),
  join: permitted('partners.manage')
    .input(PartnerJoinInput)
    .output(PartnerView)
    .mutation(({ ctx, input }) => joinPartner(ctx.db, joiner(), ctx.person, input, ctx.now)),
  /** What a grant would come to; changes nothing. */
  previewGrant: permitted('partners.manage')
    .input(GrantInput)
    .output(GrantPreview)
    .query(({ ctx, input }) => ctx.db.$transaction(async (tx) => (await planGrant(tx, input, ctx.now)).preview)),
  /** All that the partner has from now on: what is not in it is taken back. */
  grant: permitted('partners.manage')
    .input(GrantInput.extend(GrantChange.shape))
    .output(PartnerView)
    .mutation(({ ctx, input: { endLeases, reason, ...input } }) =>
      grantNodes(ctx.db, ctx.person, input, { endLeases, reason }, ctx.now),
    ),
  revokeGrant: permitted('partners.manage')
    .input(GrantChange.extend({ authority: Authority }))
    .output(PartnerView)
    .mutation(({ ctx, input: { authority, ...change } }) =>
      revokeGrant(ctx.db, ctx.person, authority, change, ctx.now),
    ),
  end: permitted('partners.manage')
    .input(GrantChange.extend({ authority: Authority }))
    .output(PartnerView)
    .mutation(({ ctx, input: { authority, ...change } }) =>
      endPartnership(ctx.db, ctx.person, authority, change, ctx.now),
    ),
});
