import { z } from 'zod';
import * as c from './common';
import { FleetNode } from './fleet';
import { SliceView, SliverRow } from './slice';

/**
 * Live updates: one stream per browser. A client names topics; for each it gets one `snapshot`, then changes. On every
 * reconnect snapshots come again, so nothing is missed. A topic that the viewer may not see answers `denied`.
 */
export const Topic = z.union([
  z.literal('me'),
  z.literal('fleet'),
  z.literal('approvals'),
  z.literal('trust'),
  z.templateLiteral(['slice:', z.string()]),
  z.templateLiteral(['node:', z.string()]),
]);
export type Topic = z.infer<typeof Topic>;
export const LiveInput = z.object({ topics: z.array(Topic).max(20) });

export const LiveEvent = z.discriminatedUnion('t', [
  /** Slice: whole view + every sliver row as snapshot, later only changed rows. */
  z.object({
    t: z.literal('slice'),
    name: z.string(),
    snapshot: z.boolean(),
    view: SliceView,
    slivers: z.array(SliverRow),
  }),
  z.object({ t: z.literal('fleet'), snapshot: z.boolean(), nodes: z.array(FleetNode) }),
  /** Something of it changed: fetch again. */
  z.object({ t: z.literal('changed'), topic: Topic }),
  z.object({ t: z.literal('denied'), topic: Topic, reason: c.Reason }),
]);
export type LiveEvent = z.infer<typeof LiveEvent>;
