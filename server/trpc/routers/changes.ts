import {
  CancelMoveInput,
  GrowAnswer,
  GrowCheck,
  GrowInput,
  MoveAnswer,
  MoveInput,
  ShrinkAnswer,
  ShrinkInput,
  SliceChange,
} from '@/protocol/api/change';
import { SliceView } from '@/protocol/api/slice';
import { checkGrowth, growSlice } from '@/server/services/changes/grow-slice';
import { cancelSliverMove, moveSlivers } from '@/server/services/changes/move-slivers';
import { shrinkSlice } from '@/server/services/changes/shrink-slice';
import { viewSlice } from '@/server/services/slices/view-slice';
import { router, sliceProcedure } from '../init';

/** Slices that grow, shrink and move while they run. */
export const changesRouter = router({
  growCheck: sliceProcedure('slice.change')
    .input(SliceChange)
    .output(GrowCheck)
    .query(({ ctx, input }) => checkGrowth(ctx.db, ctx.slice, input, ctx.now)),
  grow: sliceProcedure('slice.change')
    .input(GrowInput)
    .output(GrowAnswer)
    .mutation(({ ctx, input }) => growSlice(ctx.db, ctx.person, ctx.slice, input, ctx.now)),
  shrink: sliceProcedure('slice.change')
    .input(ShrinkInput)
    .output(ShrinkAnswer)
    .mutation(({ ctx, input }) => shrinkSlice(ctx.db, ctx.person, ctx.slice, input, ctx.now)),
  move: sliceProcedure('slice.move')
    .input(MoveInput)
    .output(MoveAnswer)
    .mutation(({ ctx, input }) => moveSlivers(ctx.db, ctx.person, ctx.slice, input, ctx.now)),
  cancelMove: sliceProcedure('slice.move')
    .input(CancelMoveInput)
    .output(SliceView)
    .mutation(async ({ ctx, input }) => {
      await cancelSliverMove(ctx.db, ctx.person, ctx.slice, input.sliverId, ctx.now);
      return viewSlice(ctx.db, ctx.person, ctx.slice.id);
    }),
});
