import { z } from 'zod';
import * as c from './common';
import { ByName, QuotaMeter, SpecCheck } from './slice';

/** The most slivers that a slice may come to by growing: what one request may ask for. */
export const MOST_SLIVERS = 2000;

const NodeUrns = z.array(z.string().max(256)).max(1000);
const SliverIds = z.array(c.Id).max(1000);

/** What a slice is to have more: nodes that the broker chooses, and picked ones. The rest of its request holds for them too. */
export const SliceChange = z.object({
  count: z.int().min(0).max(1000).default(0),
  picked: NodeUrns.default([]),
  /** Countries of the chosen ones; empty: as the slice's request says. Picked nodes are not held to it. */
  onlyCountries: z.array(z.string().length(2)).max(250).default([]),
});
export type SliceChange = z.infer<typeof SliceChange>;

/** `reason` is read by the PI; it may be empty where nobody has to decide. */
export const GrowInput = ByName.extend(SliceChange.shape).extend({ reason: z.string().trim().max(2000).default('') });
export type GrowInput = z.infer<typeof GrowInput>;

/** `at`: `once` when the total stays within what was approved before, else `pending`: a PI decides. */
export const GrowAnswer = z.object({ at: z.enum(['once', 'pending']), from: z.int(), to: z.int() });
export type GrowAnswer = z.infer<typeof GrowAnswer>;

/** What growing would meet now. Changes nothing. */
export const GrowCheck = SpecCheck.pick({ ok: true, problems: true, matching: true }).extend({
  from: z.int(),
  to: z.int(),
  approvedCount: z.int(),
  needsApproval: z.boolean(),
  quota: QuotaMeter.nullable(),
});
export type GrowCheck = z.infer<typeof GrowCheck>;

/** Either slivers by id, with so many places that stand empty; or only how many, and the rule of core/slice/shrink chooses. */
export const ShrinkInput = ByName.extend({
  slivers: SliverIds.default([]),
  emptyPlaces: z.int().min(0).max(MOST_SLIVERS).default(0),
  by: z.int().min(1).max(MOST_SLIVERS).optional(),
});
export type ShrinkInput = z.infer<typeof ShrinkInput>;

/** What is given up, and how the slice stands after it. `later`: on nodes that are away; they leave when these are back. */
export const ShrinkAnswer = z.object({
  from: z.int(),
  to: z.int(),
  minimum: z.object({ from: z.int(), to: z.int() }),
  givenUp: z.array(z.object({ id: c.Id, hostname: z.string(), why: z.string(), later: z.boolean() })),
  emptyPlaces: z.int(),
});
export type ShrinkAnswer = z.infer<typeof ShrinkAnswer>;

/** Which slivers leave their nodes: named, or all on these nodes, at these sites (login bases), or those that failed. */
export const MoveInput = ByName.extend({
  slivers: SliverIds.default([]),
  offNodes: NodeUrns.default([]),
  offSites: z.array(c.LoginBase).max(100).default([]),
  failed: z.boolean().default(false),
  /** The node to go to, for one sliver; else the broker chooses within the slice's constraints. */
  to: z.string().max(256).optional(),
});
export type MoveInput = z.infer<typeof MoveInput>;

export const MoveAnswer = z.object({
  moves: z.array(z.object({ sliverId: c.Id, hostname: z.string() })),
  /** How many of them begin at once; the others follow as these are through. */
  atOnce: z.int(),
});
export type MoveAnswer = z.infer<typeof MoveAnswer>;
export const CancelMoveInput = ByName.extend({ sliverId: c.Id });

/**
 * changes router:
 *   growCheck {name, …SliceChange} → GrowCheck · grow GrowInput → GrowAnswer · shrink ShrinkInput → ShrinkAnswer
 *   move MoveInput → MoveAnswer · cancelMove CancelMoveInput (the new sliver goes, the old one stays)
 */
