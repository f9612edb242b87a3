import { z } from 'zod';
import * as c from '@/protocol/api/common';
import { QuotaInput, SiteListItem, SiteView } from '@/protocol/api/people';
import { listSites } from '@/server/services/sites/list-sites';
import { removeMember } from '@/server/services/sites/remove-member';
import { setQuota } from '@/server/services/sites/set-quota';
import { viewSite } from '@/server/services/sites/view-site';
import { permitted, router, siteProcedure } from '../init';

export const sitesRouter = router({
  /** The sites that one may look into: one's own, or all for an operator. */
  list: permitted('self')
    .output(z.array(SiteListItem))
    .query(({ ctx }) => listSites(ctx.db, ctx.person)),
  get: siteProcedure('site.read')
    .output(SiteView)
    .query(({ ctx }) => viewSite(ctx.db, ctx.person, ctx.site.siteId, ctx.now)),
  setQuota: siteProcedure('site.quota')
    .input(QuotaInput)
    .output(SiteView)
    .mutation(({ ctx, input }) => setQuota(ctx.db, ctx.person, ctx.site.siteId, input, ctx.now)),
  removeMember: siteProcedure('site.people')
    .input(z.object({ userId: z.string().max(64), role: c.MemberRole }))
    .output(SiteView)
    .mutation(({ ctx, input }) => removeMember(ctx.db, ctx.person, ctx.site.siteId, input, ctx.now)),
});
