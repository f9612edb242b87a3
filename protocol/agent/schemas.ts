import { z } from 'zod';
import { IMAGES_UNSAID, ImageName, ImageProblem, MAX_IMAGE_PROBLEMS, MAX_IMAGES } from '../node-manager/images';
import { Enforcement, NOTHING_SAID } from '../node-manager/limits';
import { PolicyView } from '../node-manager/policy';
import {
  isoTime,
  NodeSliverState,
  plainText,
  ReasonSchema,
  statement,
  statementId,
  TicketRef,
  thumbprint,
  urn,
} from '../node-manager/schemas';
import { UsageReport } from '../node-manager/usage';
import { HardAmountsSchema, ResourceVectorSchema } from '../resources';
import { PublicJwkSchema } from '../statement/schemas';
import { RELAYED } from '../transport/relay';
import { AgentWish, MAX_AGENTS } from './agents';
import { WatchOutput } from './revocations';

/** The agent's calls. Nodes push heartbeats and delegations; service managers ask for advertisements and tickets. */

export const AgentConfigView = z.object({
  protocol: z.literal(1),
  version: z.string(),
  agent: urn,
  publicKey: PublicJwkSchema,
  now: isoTime,
});

export const AdvertisementsInput = z.object({
  /** ISO 3166-1 alpha-2; empty means any. */
  countries: z.array(z.string().length(2)).max(250).default([]),
  /** Only these nodes; empty means any. */
  nodes: z.array(urn).max(2000).default([]),
  /** Only nodes on which one sliver of these amounts would fit. */
  wants: HardAmountsSchema.optional(),
  /** Also nodes that are late, unreachable, draining or closed; they say so. */
  includeUnusable: z.boolean().default(false),
  limit: z.int().min(1).max(5000).default(5000),
});

export const Advertisement = z.object({
  node: urn,
  address: z.string().max(255),
  /** Thumbprint of the node's enrolled key: what a caller must find in the TLS certificate. */
  jkt: thumbprint,
  site: z.string(),
  country: z.string().nullable(),
  capacity: HardAmountsSchema,
  /** Not leased (as the node last said) and not promised in tickets that are out. */
  free: HardAmountsSchema,
  slivers: z.int(),
  load1Milli: z.int().nullable(),
  lastSeen: isoTime.nullable(),
  reachability: z.enum(['online', 'late', 'unreachable']),
  adminSwitch: z.enum(['open', 'draining', 'closed']),
  simulated: z.boolean(),
  images: z.array(z.string()).max(MAX_IMAGES).default(IMAGES_UNSAID),
});
export type Advertisement = z.infer<typeof Advertisement>;
export const AdvertisementsOutput = z.object({
  at: isoTime,
  total: z.int(),
  advertisements: z.array(Advertisement).max(5000),
});

export const IssueInput = z.object({
  /** Same key and body: same answer. Same key, other body: refused. */
  idempotencyKey: z.string().regex(/^[A-Za-z0-9:_-]{8,128}$/),
  slice: urn,
  /** Principal: the user for whom it is asked. */
  sub: urn,
  resources: ResourceVectorSchema,
  nodes: z.array(urn).min(1).max(1000),
  /** Lease term [start, end), epoch seconds. */
  start: z.int(),
  end: z.int(),
  graceSeconds: z.int().min(0).max(2_592_000),
  /** How long the tickets may be redeemed, at most a day. */
  redeemSeconds: z.int().min(60).max(86_400).default(3600),
  /** Node → id of the ticket of this deployment that the new one there renews: same slice, same amounts. */
  replaces: z
    .record(urn, statementId)
    .refine((of) => Object.keys(of).length <= 1000, 'names more than 1000 nodes')
    .optional(),
});
export const IssueOutput = z.object({
  tickets: z.array(z.object({ node: urn, iss: thumbprint, jti: statementId, ticket: statement })).max(1000),
  refused: z.array(z.object({ node: urn, reason: ReasonSchema })).max(1000),
});

/** Tickets that will not be used; with the node's receipt the agent may reissue their resources before they lapse. */
export const ReturnInput = z.object({
  tickets: z
    .array(TicketRef.extend({ receipt: statement }))
    .min(1)
    .max(1000),
});
export const ReturnOutput = z.object({ returned: z.int() });

export const SliverReport = z.object({
  slice: urn,
  sliver: urn,
  leaseJti: statementId,
  state: NodeSliverState,
  reason: ReasonSchema.nullable(),
  since: isoTime,
  /** Of a lease that another than the deployment's service manager holds: who, by which ticket, and when. Epoch seconds, [start, end). */
  held: z
    .object({ holder: thumbprint, ticket: TicketRef, start: z.int(), end: z.int(), graceSeconds: z.int().min(0) })
    .optional(),
});

export const HeartbeatInput = z.object({
  /** Counts up by one per heartbeat of a process; a restart begins at 0. */
  seq: z.int().min(0),
  at: isoTime,
  incarnation: plainText(64),
  /** How far its journal is: never less than before, whatever befalls it. */
  journalSequence: z.int().min(0),
  /** Since when this incarnation lives, and why it began: `enrolled`, or what befell the journal before it. */
  life: z
    .object({
      since: isoTime,
      why: z.enum(['enrolled', 'lost', 'damaged', 'rolled-back', 'by-hand']),
      problem: plainText(500),
    })
    .optional(),
  version: plainText(64),
  driver: z.enum(['oci', 'simulated']),
  missing: z.array(plainText(200)).max(20).default([]),
  images: z.array(ImageName).max(MAX_IMAGES).default(IMAGES_UNSAID),
  imageProblems: z.array(ImageProblem).max(MAX_IMAGE_PROBLEMS).default([]),
  enforcement: Enforcement.default(NOTHING_SAID),
  /** What the owner of the machine lays down. */
  policy: PolicyView.optional(),
  capacity: HardAmountsSchema,
  free: HardAmountsSchema,
  load1Milli: z.int().min(0).max(10_000_000).nullable(),
  uptimeSeconds: z.int().min(0),
  sliverCount: z.int().min(0).max(100_000),
  /** Every sliver when `full`, else those whose state changed since the last acknowledged heartbeat. */
  full: z.boolean(),
  slivers: z.array(SliverReport).max(1000),
  /** What was used since the last report that arrived; null when nothing new is known, and of a simulated node. */
  usage: UsageReport.nullable().default(null),
  /** The highest number of what was taken back that the node has kept: see WatchOutput. */
  revocationsHeard: z.int().min(0).default(0),
});
export const HeartbeatOutput = z.object({
  now: isoTime,
  /** The agent has lost track: send every sliver next time. */
  wantFull: z.boolean(),
  adminSwitch: z.enum(['open', 'draining', 'closed']),
  /** Thumbprints that no longer count. */
  revokedKeys: z.array(thumbprint).max(10_000),
  /** The deployment's agents that are in force, and what the node is asked to delegate to each. */
  agents: z.array(AgentWish).max(MAX_AGENTS),
  /** The highest journal sequence that the agent ever heard from this node's key: a node that is below it was rolled back. */
  journalSeen: z.int().min(0).optional(),
  /** What was taken back that the node has not heard of. */
  revocations: WatchOutput.optional(),
});

/** receipt+jwt of kind `standing`, for one of the deployment's agents. */
export const StandingInput = z.object({ standing: statement });
export const StandingOutput = z.object({ taken: z.literal(true) });

export const DelegateInput = z.object({ delegation: statement });
/** Not accepted: an operator took back what this node delegated to this agent. */
export const DelegateOutput = z.object({ accepted: z.boolean() });

/** Where a node says that it can be called: a host name or IP address and a port, nothing that a URL would read otherwise. */
export const DialAddress = z
  .string()
  .max(255)
  .regex(/^(\[[0-9a-fA-F:.]{2,45}\]|[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?):[1-9]\d{0,4}$/, 'must be host:port')
  .refine((text) => Number(text.slice(text.lastIndexOf(':') + 1)) <= 65_535, 'has no such port');

/** As it enrols, a node may also say that it cannot be dialled: then it is called by way of its agent. */
const NodeAddress = z.union([z.literal(RELAYED), DialAddress]);

/** Enrolment, without a client certificate: a one-time token, and proof of the identity key (signature over the challenge text). */
export const EnrolInput = z.object({
  node: urn,
  /** The token's secret part */
  secret: z.string().min(32).max(128),
  publicKey: PublicJwkSchema,
  /** Host and port under which this node manager can be called, or `relay`. */
  address: NodeAddress,
  incarnation: statementId,
  /** base64url Ed25519 signature over enrolmentChallenge(…) */
  proof: z.string().regex(/^[A-Za-z0-9_-]{86}$/),
});
export const EnrolOutput = z.object({
  /** PEM */
  certificate: z.string().max(8192),
  ca: z.string().max(8192),
  notAfter: isoTime,
  agent: z.object({ urn, publicKey: PublicJwkSchema, address: z.string().max(255) }),
  /** The deployment's service manager: who may ask this node for anything. */
  serviceManager: z.object({ urn, jkt: thumbprint }),
});

/** Renewal by proof of the enrolled identity key; works also after the certificate lapsed. */
export const RenewInput = z.object({
  urn,
  publicKey: PublicJwkSchema,
  address: NodeAddress,
  incarnation: statementId,
  /** epoch seconds, within 300 s of the server's clock */
  at: z.int(),
  proof: z.string().regex(/^[A-Za-z0-9_-]{86}$/),
});
