import { z } from 'zod';
import * as c from './common';

/** So many delegations are taken back in one act. */
export const MAX_REVOKED_DELEGATIONS = 2000;

/** What can be taken back. */
export const RevokeTarget = z.discriminatedUnion('kind', [
  /** Links of chains, each with all that was passed on from it, and what took its place since: the trust itself. */
  z.object({ kind: z.literal('delegation'), ids: z.array(c.Id).min(1).max(MAX_REVOKED_DELEGATIONS) }),
  /** An agent: its key, and all that was delegated to it. */
  z.object({ kind: z.literal('agent'), id: c.Id }),
  /** A node: its key, and all that it delegated. */
  z.object({ kind: z.literal('node'), id: c.Id }),
  /** A person's key for a service manager of their own. */
  z.object({ kind: z.literal('key'), id: c.Id }),
  z.object({ kind: z.literal('ticket'), iss: z.string().max(64), jti: z.string().max(64) }),
]);
export type RevokeTarget = z.infer<typeof RevokeTarget>;

/** What taking it back does, told before. Lists of names are cut at 20; the counts are of all. */
export const RevokePreview = z.object({
  target: RevokeTarget,
  /** What a person calls it, and types where it cannot be undone. */
  name: z.string(),
  /** It cannot be given back: a key, a ticket. */
  final: z.boolean(),
  delegations: z.int(),
  /** Who holds those delegations. */
  agents: z.array(z.string()),
  /** Out and not redeemed: void from then on. */
  tickets: z.int(),
  leases: z.int(),
  slivers: z.int(),
  slices: z.array(z.object({ name: z.string(), slivers: z.int() })),
  sliceCount: z.int(),
  people: z.array(c.PersonRef),
  peopleCount: z.int(),
  nodes: z.object({ total: z.int(), online: z.int(), away: z.array(z.string()) }),
  /** The latest end of the leases below, with their grace: when all is over if leases run on. */
  lastEnd: z.date().nullable(),
  warnings: z.array(z.string()),
});
export type RevokePreview = z.infer<typeof RevokePreview>;

export const RevokeInput = z.object({
  target: RevokeTarget,
  /** Leases below end at once; else they run to their end and are not renewed. */
  endLeases: z.boolean(),
  reason: z.string().trim().min(1, 'Say why: it is shown to those whom it meets.').max(300),
});
export const RevokeOutput = z.object({
  /** The act, as `list` names it. */
  id: c.Id,
  /** The highest number that nodes hear of. */
  number: z.int(),
  tickets: z.int(),
  leases: z.int(),
  delegations: z.int(),
});

/** One act of taking back. */
export const RevocationView = z.object({
  id: c.Id,
  number: z.int(),
  kind: z.enum(['delegation', 'agent', 'node', 'key', 'ticket']),
  name: z.string(),
  at: z.date(),
  by: z.string(),
  reason: z.string(),
  endLeases: z.boolean(),
  tickets: z.int(),
  leases: z.int(),
  delegations: z.int(),
  slices: z.array(z.string()),
  /** Of the nodes whom it concerns. `away`: hear at their next contact; at most 20 names. */
  heard: z.object({ by: z.int(), of: z.int(), away: z.array(z.string()) }),
  /** When nothing of it matters any more; null: for good. */
  expiresAt: z.date().nullable(),
  liftedAt: z.date().nullable(),
  /** May be given back by the one who looks. */
  mayRestore: z.boolean(),
});
export type RevocationView = z.infer<typeof RevocationView>;
