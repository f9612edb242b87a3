import { z } from 'zod';
import { PartnerInviteAnswer, PartnerInviteInput, PartnerJoinInput, PartnerView } from '@/protocol/api/partners';
import { readPartners } from '@/server/data/partners';
import { inviter, joiner, ownAuthority } from '@/server/services/partners/here';
import { invitePartner } from '@/server/services/partners/invite-partner';
import { joinPartner } from '@/server/services/partners/join-partner';
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
});
