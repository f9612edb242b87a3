import { z } from 'zod';
import * as c from '@/protocol/api/common';
import {
  GraphInput,
  Issuers,
  KeyAnswer,
  KeyInput,
  LinkDetail,
  LinksInput,
  LinksPage,
  MayAnswer,
  MayInput,
  TrustGraph,
} from '@/protocol/api/trust';
import { trustGraph } from '@/server/services/trust/graph';
import { trustIssuers, trustKey } from '@/server/services/trust/keys';
import { trustLink, trustLinks } from '@/server/services/trust/links';
import { mayIssue } from '@/server/services/trust/may-issue';
import { permitted, router, signedInProcedure } from '../init';

/** Who trusts whom for what, until when. */
export const trustRouter = router({
  graph: permitted('trust.read')
    .input(GraphInput)
    .output(TrustGraph)
    .query(({ ctx, input }) => trustGraph(ctx.db, ctx.person, input, ctx.now)),
  links: permitted('trust.read')
    .input(LinksInput)
    .output(LinksPage)
    .query(({ ctx, input }) => trustLinks(ctx.db, ctx.person, input, ctx.now)),
  link: signedInProcedure('trust.node')
    .input(z.object({ id: c.Id }))
    .output(LinkDetail)
    .query(({ ctx, input }) => trustLink(ctx.db, ctx.person, input.id, ctx.now)),
  key: permitted('trust.read')
    .input(KeyInput)
    .output(KeyAnswer)
    .query(({ ctx, input }) => trustKey(ctx.db, input.jkt)),
  issuers: permitted('trust.read')
    .output(Issuers)
    .query(({ ctx }) => trustIssuers(ctx.db)),
  may: signedInProcedure('trust.node')
    .input(MayInput)
    .output(MayAnswer)
    .query(({ ctx, input }) => mayIssue(ctx.db, ctx.person, input, ctx.now)),
});
