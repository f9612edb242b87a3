import { z } from 'zod';
import { MAX_STATEMENT_BYTES } from '@/core/statement/bounds';
import { LINK_STATES } from '@/core/trust/link-state';
import * as c from './common';

/** Views of who trusts whom. Amounts are sums over links or their use; times travel as Date. */
export const LinkState = z.enum(LINK_STATES);
export type LinkState = z.infer<typeof LinkState>;

/** Sums over many links, or what is left: beyond what one statement may say, and below zero. */
const Sums = z.object({ cpuMilli: z.number(), memoryMiB: z.number(), diskMiB: z.number(), networkKbps: z.number() });

/** What becomes of rights: promised in tickets that may be redeemed, leased, passed on to another agent, and what is left of rights × degree. */
export const LinkUse = z.object({
  issued: Sums,
  redeemed: Sums,
  passedOn: Sums,
  free: Sums,
});
export type LinkUse = z.infer<typeof LinkUse>;

/** One delegation. `depth` 1: the node's own, to an agent. */
export const LinkRow = z.object({
  id: c.Id,
  iss: z.string(),
  jti: z.string(),
  line: z.string(),
  incarnation: z.string(),
  depth: z.int(),
  parentId: c.Id.nullable(),
  node: z.object({ id: c.Id, hostname: z.string(), site: z.string(), partner: z.string().nullable() }),
  /** Who passed it on; null: the node. */
  issuer: z.object({ id: c.Id, name: z.string() }).nullable(),
  grantee: z.object({ id: c.Id, name: z.string(), partner: z.string().nullable() }),
  granteeJkt: z.string(),
  rights: c.HardAmounts,
  degreeMilli: z.int(),
  notBefore: z.date(),
  notAfter: z.date(),
  state: LinkState,
  use: LinkUse,
});
export type LinkRow = z.infer<typeof LinkRow>;

/** A box of the graph. Column 0: nodes, by whom they trust, site or node; from 1 on agents, by how far the authority was passed on. */
export const TrustBox = z.object({
  id: z.string(),
  kind: z.enum(['group', 'site', 'node', 'rest', 'agent']),
  column: z.int(),
  /** Site or node to open, agent to name; null where there is nothing to open. */
  ref: z.string().nullable(),
  name: z.string(),
  nodes: z.int(),
  sites: z.int(),
  partner: z.string().nullable(),
  /** The agent hands out nothing for now. */
  closed: z.boolean(),
});
export type TrustBox = z.infer<typeof TrustBox>;

/** All links from one box to another. Rights, use and degree are of those that count (in force or ending). */
export const TrustEdge = z.object({
  id: z.string(),
  from: z.string(),
  to: z.string(),
  links: z.int(),
  states: z.partialRecord(LinkState, z.int()),
  rights: Sums,
  degreeMilli: z.object({ min: z.int(), max: z.int() }).nullable(),
  /** Of those that count. */
  earliestEnd: z.date().nullable(),
  use: LinkUse,
});
export type TrustEdge = z.infer<typeof TrustEdge>;

/** Which group of nodes, and which of its sites, is opened. */
export const GraphInput = z.object({ open: z.string().max(64).default(''), site: z.string().max(64).default('') });
export const TrustGraph = z.object({
  at: z.date(),
  boxes: z.array(TrustBox),
  edges: z.array(TrustEdge),
  totals: z.object({ nodes: z.int(), sites: z.int(), agents: z.int(), partners: z.int(), links: z.int() }),
  /** Nodes that the viewer may see and that trust nobody at present. */
  without: z.int(),
  scope: z.enum(['all', 'site', 'own']),
});
export type TrustGraph = z.infer<typeof TrustGraph>;

export const LINK_SORTS = ['node', 'site', 'grantee', 'state', 'end', 'rights', 'free', 'depth'] as const;
export const MAX_LINKS = 500;
export const LinksInput = z.object({
  /** Part of a host name or site. */
  q: z.string().max(100).default(''),
  /** `current`: the newest of each line that has not ended; `all`. */
  state: z.union([LinkState, z.literal('current'), z.literal('all')]).default('current'),
  grantee: z.string().max(64).default(''),
  /** An agent's id, or `nodes`. */
  issuer: z.string().max(64).default(''),
  /** An edge of the graph as drawn with what is open there. */
  edge: z.string().max(200).default(''),
  open: z.string().max(64).default(''),
  site: z.string().max(64).default(''),
  resource: z.enum(['cpuMilli', 'memoryMiB', 'diskMiB', 'networkKbps']).default('cpuMilli'),
  sort: z.string().max(20).default('node'),
  offset: z.int().min(0).max(1_000_000).default(0),
  limit: z.int().min(1).max(MAX_LINKS).default(100),
});
export type LinksInput = z.infer<typeof LinksInput>;
export const LinksPage = z.object({
  rows: z.array(LinkRow),
  /** Links that match, and all that the viewer may see. */
  total: z.int(),
  all: z.int(),
  at: z.date(),
});

/** A link with all that verifying it needs, root first; and who may take it back. */
export const LinkDetail = z.object({
  link: LinkRow,
  chain: z.array(z.object({ id: c.Id, text: z.string(), state: LinkState, issuer: z.string(), grantee: z.string() })),
  node: z.object({
    id: c.Id,
    urn: z.string(),
    hostname: z.string(),
    /** Raw Ed25519 key, base64url; null: none is enrolled. */
    publicKey: z.string().nullable(),
    incarnation: z.string().nullable(),
  }),
  revokedKeys: z.array(z.string()),
  mayRevoke: z.boolean(),
  whoMayRevoke: z.string(),
  at: z.date(),
});
export type LinkDetail = z.infer<typeof LinkDetail>;

export const KeyInput = z.object({ jkt: z.string().max(64) });
/** Whose key it is, as far as this deployment knows. */
export const KeyAnswer = z
  .object({
    publicKey: z.string(),
    owner: z.string(),
    kind: z.enum(['node', 'agent', 'person', 'partner']),
    retired: z.boolean(),
  })
  .nullable();

/** "May key K issue N on node X?" */
export const MayInput = z.object({
  /** An agent's name, URN, or a key's thumbprint. */
  issuer: z.string().trim().min(1).max(256),
  /** A node's host name, URN or id. */
  node: z.string().trim().min(1).max(256),
  slivers: z.int().min(1).max(10_000).default(1),
  /** Of one sliver. */
  amounts: c.HardAmounts.partial().default({}),
  /** Lease term; now when left out. */
  start: z.date().optional(),
  seconds: z.int().min(60).max(31_536_000).default(1_209_600),
});
export type MayInput = z.input<typeof MayInput>;
export const MayAnswer = z.object({
  may: z.boolean(),
  reason: c.Reason.nullable(),
  issuer: z.object({ jkt: z.string(), name: z.string() }),
  node: z.object({ id: c.Id, urn: z.string(), hostname: z.string() }),
  wish: z.object({ slivers: z.int(), amounts: c.HardAmounts, start: z.date(), end: z.date() }),
  path: z.array(
    z.object({
      link: LinkRow,
      verdict: z.enum(['holds', 'broken', 'not judged']),
      reason: c.Reason.nullable(),
      free: Sums,
    }),
  ),
  others: z.int(),
  at: z.date(),
});
export type MayAnswer = z.infer<typeof MayAnswer>;

/** As much as a person may paste. */
export const MAX_PASTE = MAX_STATEMENT_BYTES;

/** Agents that may be asked about. */
export const Issuers = z.array(
  z.object({ id: c.Id, name: z.string(), jkt: z.string(), partner: z.string().nullable() }),
);
