import { z } from 'zod';
import * as c from '@/protocol/api/common';
import { SliceProof, SliceProofInput } from '@/protocol/api/proofs';
import {
  ExecAnswer,
  ExecRequest,
  ImageOffer,
  MemberInput,
  RenewInput,
  SliceEvent,
  SliceListItem,
  SliceSpec,
  SliceView,
  SliverAct,
  SliverActAnswer,
  SliverLogs,
  SliverLogsRequest,
  SliverRow,
  SpecCheck,
  StepRow,
} from '@/protocol/api/slice';
import { SliverStatements, SliverStatementsInput } from '@/protocol/api/statements';
import { SliverAccess, SliverRef, TerminalLeave } from '@/protocol/api/terminal';
import { SliceUsage } from '@/protocol/api/usage';
import { countImages } from '@/server/data/matching-nodes';
import { checkSpec } from '@/server/services/requests/check-spec';
import { renewSlice } from '@/server/services/requests/renew-slice';
import { requestSlice } from '@/server/services/requests/request-slice';
import { SpecInProgress } from '@/server/services/requests/spec-in-progress';
import { withdrawSlice } from '@/server/services/requests/withdraw-slice';
import { controlSliver, sliverLogs } from '@/server/services/slices/control-sliver';
import { deleteSlice } from '@/server/services/slices/delete-slice';
import { execInSliver } from '@/server/services/slices/exec-in-sliver';
import { listEvents } from '@/server/services/slices/list-events';
import { listSlices } from '@/server/services/slices/list-slices';
import { listSlivers } from '@/server/services/slices/list-slivers';
import { listSteps } from '@/server/services/slices/list-steps';
import { addMember, removeMember } from '@/server/services/slices/members';
import { retrySlice } from '@/server/services/slices/retry-slice';
import { sliceProof } from '@/server/services/slices/slice-proof';
import { sliceUsage } from '@/server/services/slices/slice-usage';
import { sliverAccess } from '@/server/services/slices/sliver-access';
import { sliverStatements } from '@/server/services/slices/sliver-statements';
import { viewSlice } from '@/server/services/slices/view-slice';
import { allowTerminal } from '@/server/services/terminals/allow-terminal';
import { permitted, router, sessionOnly, signedInProcedure, sliceProcedure } from '../init';

export const slicesRouter = router({
  list: permitted('self')
    .input(
      z.object({ scope: z.enum(['mine', 'site', 'all']).default('mine'), includeOver: z.boolean().default(false) }),
    )
    .output(z.array(SliceListItem))
    .query(({ ctx, input }) => listSlices(ctx.db, ctx.person, input)),
  check: signedInProcedure('request.create')
    .input(SpecInProgress)
    .output(SpecCheck)
    .query(({ ctx, input }) => checkSpec(ctx.db, ctx.person, input, ctx.now)),
  images: permitted('self')
    .output(z.array(ImageOffer))
    .query(({ ctx }) => countImages(ctx.db, ctx.now)),
  request: signedInProcedure('request.create')
    .input(SliceSpec)
    .output(z.object({ name: z.string() }))
    .mutation(({ ctx, input }) => requestSlice(ctx.db, ctx.person, input, ctx.now)),
  get: sliceProcedure('slice.read')
    .output(SliceView)
    .query(({ ctx }) => viewSlice(ctx.db, ctx.person, ctx.slice.id)),
  slivers: sliceProcedure('slice.read')
    .output(z.array(SliverRow))
    .query(({ ctx }) => listSlivers(ctx.db, ctx.slice.id)),
  usage: sliceProcedure('slice.read')
    .output(SliceUsage)
    .query(({ ctx }) => sliceUsage(ctx.db, ctx.slice.id, ctx.now)),
  steps: sliceProcedure('slice.read')
    .input(z.object({ sliverId: c.Id.optional(), limit: z.int().min(1).max(500).default(200) }))
    .output(z.array(StepRow))
    .query(({ ctx, input }) => listSteps(ctx.db, ctx.slice.id, input)),
  statements: sliceProcedure('slice.read')
    .input(SliverStatementsInput)
    .output(SliverStatements)
    .query(({ ctx, input }) => sliverStatements(ctx.db, ctx.slice.id, input.sliverId)),
  proof: sliceProcedure('slice.read')
    .input(SliceProofInput)
    .output(SliceProof)
    .query(({ ctx, input }) => sliceProof(ctx.db, ctx.slice.id, input.ticket)),
  events: sliceProcedure('slice.read')
    .output(z.array(SliceEvent))
    .query(({ ctx }) => listEvents(ctx.db, ctx.slice.id)),
  withdraw: sliceProcedure('slice.withdraw')
    .output(SliceView)
    .mutation(async ({ ctx }) => {
      await withdrawSlice(ctx.db, ctx.person, ctx.slice.id, ctx.now);
      return viewSlice(ctx.db, ctx.person, ctx.slice.id);
    }),
  renew: sliceProcedure('slice.renew')
    .input(RenewInput)
    .output(SliceView)
    .mutation(async ({ ctx, input }) => {
      await renewSlice(ctx.db, ctx.person, ctx.slice.id, input, ctx.now);
      return viewSlice(ctx.db, ctx.person, ctx.slice.id);
    }),
  delete: sliceProcedure('slice.delete')
    .output(SliceView)
    .mutation(({ ctx }) => deleteSlice(ctx.db, ctx.person, ctx.slice, ctx.now)),
  addMember: sliceProcedure('slice.members')
    .input(MemberInput)
    .output(SliceView)
    .mutation(({ ctx, input }) => addMember(ctx.db, ctx.person, ctx.slice, input.email, ctx.now)),
  removeMember: sliceProcedure('slice.members')
    .input(MemberInput)
    .output(SliceView)
    .mutation(({ ctx, input }) => removeMember(ctx.db, ctx.person, ctx.slice, input.email, ctx.now)),
  exec: sliceProcedure('slice.exec')
    .input(ExecRequest)
    .output(ExecAnswer)
    .mutation(({ ctx, input }) => execInSliver(ctx.db, ctx.person, ctx.slice, input, ctx.now)),
  sliverAct: sliceProcedure('slice.exec')
    .input(SliverAct)
    .output(SliverActAnswer)
    .mutation(({ ctx, input }) => controlSliver(ctx.db, ctx.person, ctx.slice, input, ctx.now)),
  sliverLogs: sliceProcedure('slice.exec')
    .input(SliverLogsRequest)
    .output(SliverLogs)
    .query(({ ctx, input }) => sliverLogs(ctx.db, ctx.slice, input.node)),
  access: sliceProcedure('slice.exec')
    .input(SliverRef)
    .output(SliverAccess)
    .query(({ ctx, input }) => sliverAccess(ctx.db, ctx.slice, input.node)),
  terminal: sliceProcedure('slice.terminal')
    .use(sessionOnly)
    .input(SliverRef)
    .output(TerminalLeave)
    .mutation(({ ctx, input }) => allowTerminal(ctx.db, ctx.person, ctx.slice, input.node, ctx.now)),
  retry: sliceProcedure('slice.retry')
    .output(SliceView)
    .mutation(({ ctx }) => retrySlice(ctx.db, ctx.person, ctx.slice, ctx.now)),
});
