import { z } from 'zod';
import { Authority } from '../pki/partner-token';
import * as c from './common';

/** Another deployment that shares nodes with this one. */
export const PartnerView = z.object({
  id: c.Id,
  authority: z.string(),
  name: z.string(),
  state: z.enum(['invited', 'joining', 'refused', 'active', 'ended']),
  /** It may use our nodes; it gives us some of its own. */
  takes: z.boolean(),
  gives: z.boolean(),
  agentAddress: z.string().nullable(),
  createdAt: z.date(),
  joinedAt: z.date().nullable(),
  endedAt: z.date().nullable(),
  inviteUntil: z.date().nullable(),
  /** When its nodes were last read from it. */
  readAt: z.date().nullable(),
  problem: c.Reason.nullable(),
  /** What it has of us. */
  given: z.object({
    nodes: z.int(),
    /** Of these, for which a delegation is in force. */
    inForce: z.int(),
    shareMilli: z.int().nullable(),
    degreeMilli: z.int().nullable(),
    until: z.date().nullable(),
    /** Its slivers on our nodes. */
    slivers: z.int(),
  }),
  /** What we have of it. */
  got: z.object({ nodes: z.int(), online: z.int(), slivers: z.int() }),
});
export type PartnerView = z.infer<typeof PartnerView>;

export const PartnerName = z.string().trim().min(1, 'Enter a name.').max(100);
export const PartnerInviteInput = z.object({ authority: Authority, name: PartnerName });
export const PartnerInviteAnswer = z.object({ partner: PartnerView, token: z.string(), expiresAt: z.date() });
export const PartnerJoinInput = z.object({ token: z.string().max(2048), name: PartnerName.optional() });

/** Which of our nodes: all, or those of sites, of countries, or by URN; of these at most `count`, spread over sites. */
export const GrantNodes = z.discriminatedUnion('by', [
  z.object({ by: z.literal('all') }),
  z.object({ by: z.literal('site'), sites: z.array(c.LoginBase).min(1, 'Choose a site.').max(500) }),
  z.object({ by: z.literal('country'), countries: z.array(z.string().length(2)).min(1, 'Choose a country.').max(250) }),
  z.object({ by: z.literal('list'), nodes: z.array(z.string().max(256)).min(1, 'Name a node.').max(2000) }),
]);
export type GrantNodes = z.infer<typeof GrantNodes>;
export const GrantInput = z.object({
  authority: Authority,
  nodes: GrantNodes,
  count: z.int().min(1).max(2000).nullable().default(null),
  /** Part of each node, in thousandths of what it delegated to our agent. */
  shareMilli: z.int().min(1).max(1000),
  degreeMilli: z.int().min(1000).max(10_000).default(1000),
  /** How long, in days. */
  days: z.int().min(1).max(365),
});
export type GrantInput = z.infer<typeof GrantInput>;
/** What a change of a grant comes to: the nodes that come, stay and go, sums, and what of the partner lives on what goes. */
export const GrantPreview = z.object({
  nodes: z.int(),
  added: z.int(),
  kept: z.int(),
  removed: z.int(),
  sites: z.int(),
  countries: z.int(),
  sum: c.HardAmounts,
  /** Matching nodes that cannot be given now: not enrolled, or nothing delegated. */
  unready: z.int(),
  /** The partner's slivers on nodes that go, and on nodes whose part shrinks. */
  sliversRemoved: z.int(),
  sliversKept: z.int(),
  until: z.date(),
});
export type GrantPreview = z.infer<typeof GrantPreview>;

/** What is left from now on: nodes that are not among these, or all where there are none, are taken back. */
export const GrantChange = z.object({
  /** End the partner's leases on what is taken back at once; else they run to their end and are not renewed. */
  endLeases: z.boolean(),
  reason: z.string().trim().max(500).default(''),
});
