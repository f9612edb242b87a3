import { z } from 'zod';
import { HardAmountsSchema, ResourceVectorSchema } from '../resources';
import { MAX_STATEMENT_BYTES } from '../statement/schemas';
import { ImageProblem } from './images';
import { Enforcement, NOTHING_SAID } from './limits';
import { PolicyView } from './policy';

/** The node manager's calls: what goes in and out. Times are ISO 8601 in UTC unless a name says otherwise. */

export const urn = z.string().max(256).startsWith('urn:publicid:IDN+');
export const thumbprint = z.string().regex(/^[A-Za-z0-9_-]{43}$/);
export const statementId = z.string().regex(/^[A-Za-z0-9_-]{16,64}$/);
export const statement = z.string().min(1).max(MAX_STATEMENT_BYTES);
/** A time as a peer may say it: one that every database and page can take too, so not before 1970. */
export const isoTime = z.iso
  .datetime()
  .max(32)
  .refine((text) => text >= '1970', 'is before 1970');

/** Text of a peer, at most `max` characters, without NUL or half a surrogate pair: a database takes neither. */
export const plainText = (max: number) =>
  z
    .string()
    .max(max)
    .refine((text) => !text.includes('\0') && text.isWellFormed(), 'holds NUL or half a surrogate pair');

const MAX_FACTS = 32;
const Fact = z.union([
  plainText(4096),
  z.number().min(-1e15).max(1e15),
  z.boolean(),
  z.null(),
  z.array(plainText(512)).max(64),
]);
export const ReasonSchema = z.object({
  code: plainText(64),
  facts: z
    .record(plainText(64), Fact)
    .refine((facts) => Object.keys(facts).length <= MAX_FACTS, `holds more than ${MAX_FACTS} facts`),
});

/** States as a node reports them; `pending`, `ticketed` and `unknown` are the deployment's own. */
export const NODE_SLIVER_STATES = ['scheduled', 'starting', 'running', 'stopped', 'failed', 'gone'] as const;
export const NodeSliverState = z.enum(NODE_SLIVER_STATES);
export type NodeSliverState = z.infer<typeof NodeSliverState>;

export const DriverView = z.object({
  name: z.enum(['oci', 'simulated']),
  able: z.boolean(),
  missing: z.array(z.string()),
});

export const ConfigView = z.object({
  protocol: z.literal(1),
  version: z.string(),
  node: urn,
  jkt: thumbprint,
  incarnation: z.string(),
  capacity: HardAmountsSchema,
  drivers: z.array(DriverView),
  /** The driver new slivers get. */
  driver: z.enum(['oci', 'simulated']),
  images: z.array(z.string()),
  imageProblems: z.array(ImageProblem).default([]),
  /** How well the host keeps slivers to their amounts. */
  enforcement: Enforcement.default(NOTHING_SAID),
  profiles: z.array(z.string()),
  maxTermSeconds: z.int(),
  now: isoTime,
});

export const StatusView = z.object({
  now: isoTime,
  uptimeSeconds: z.int(),
  incarnation: z.string(),
  journalSequence: z.int(),
  capacity: HardAmountsSchema,
  /** Free at this instant. */
  free: HardAmountsSchema,
  load1Milli: z.int().nullable(),
  policy: PolicyView.optional(),
  slivers: z.record(NodeSliverState, z.int()),
});

export const TimelineEntry = z.object({ at: isoTime, state: NodeSliverState, reason: ReasonSchema.nullable() });

export const SliverStatus = z.object({
  slice: urn,
  sliver: urn,
  state: NodeSliverState,
  reason: ReasonSchema.nullable(),
  since: isoTime,
  runningAt: isoTime.nullable(),
  lease: z.object({ jti: statementId, start: isoTime, end: isoTime, graceSeconds: z.int() }),
  resources: ResourceVectorSchema,
  simulated: z.boolean(),
  /** Oldest first, at most 50. */
  timeline: z.array(TimelineEntry).max(50),
});
export type SliverStatus = z.infer<typeof SliverStatus>;

export const RedeemInput = z.object({
  ticket: statement,
  /** False: the lease alone. What it may use is held from now on; `createSliver` makes the sliver later. */
  sliver: z.boolean().optional(),
  /** Wait so long for a sliver that starts now to be up, in ms: a quick start needs no second question. */
  waitMs: z.int().min(0).max(5_000).optional(),
});
export const RedeemOutput = z.object({
  /** Signed lease, lease+jwt */
  lease: statement,
  sliver: SliverStatus,
  /** True when this ticket had been redeemed before: the same lease again. */
  again: z.boolean(),
});

/** A ticket that `replaces` the one under which the lease is held now, for the same slice, holder and amounts. */
export const RenewInput = z.object({ ticket: statement });
export const RenewOutput = z.object({
  /** The lease signed anew, lease+jwt: same id, later end. */
  lease: statement,
  sliver: SliverStatus,
  /** True when this ticket had renewed the lease before: the same lease again. */
  again: z.boolean(),
});

export const TicketRef = z.object({ iss: thumbprint, jti: statementId });
export const ReleaseInput = z.object({
  slice: urn,
  /**
   * Tickets of that slice which may not have been redeemed yet: burnt, so that a late retry cannot bring it back. Others than the
   * deployment's service manager show the ticket itself, which must be theirs.
   */
  burn: z
    .array(TicketRef.extend({ ticket: statement.optional() }))
    .max(64)
    .default([]),
});
export const ReleaseOutput = z.object({
  /** `released`: a lease ended now. `nothing`: there was none (idempotent). */
  outcome: z.enum(['released', 'nothing']),
  /** Signed receipts, receipt+jwt */
  receipts: z.array(statement).max(65),
});

/** authorized_keys lines without options. */
export const KeyLine = z
  .string()
  .max(8192)
  .regex(/^(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(256|384|521)|sk-[a-z0-9@.-]+) [A-Za-z0-9+/=]+( [^\r\n]{0,200})?$/);
export const SetKeysInput = z.object({ slice: urn, keys: z.array(KeyLine).max(500) });
export const SetKeysOutput = z.object({ count: z.int(), changed: z.boolean() });
export const SliceInput = z.object({ slice: urn });
export const KeysOutput = z.object({ keys: z.array(z.string()) });

export const SliverInput = z.object({
  slice: urn,
  /** Long poll: answer when the state differs from this one, or after waitMs. */
  waitWhile: NodeSliverState.optional(),
  waitMs: z.int().min(0).max(25_000).default(0),
});
export const SliversOutput = z.object({ slivers: z.array(SliverStatus).max(1000) });

export const ExecInput = z.object({
  slice: urn,
  argv: z
    .array(plainText(4096).refine((text) => text !== '', 'is empty'))
    .min(1)
    .max(64),
  /** At most 60 s. */
  timeoutMs: z.int().min(100).max(60_000).default(30_000),
});
export const ExecOutput = z.object({
  exitCode: z.int().nullable(),
  signal: z.string().nullable(),
  /** UTF-8, at most 256 KiB each; `truncated` says that more was thrown away. */
  stdout: z.string(),
  stderr: z.string(),
  truncated: z.boolean(),
  timedOut: z.boolean(),
  durationMs: z.int(),
});
