import { z } from 'zod';
import {
  MAX_CHAIN_LINKS,
  MAX_CLEARS,
  MAX_DELEGATION_BYTES,
  MAX_STATEMENT_BYTES,
  SKEW_SECONDS,
} from '@/core/statement/bounds';
import { HardAmountsSchema, ResourceVectorSchema } from '../resources';

/**
 * The signed statements (JWS, EdDSA, compact). Times in claims are whole epoch seconds, as in RFC 7519; spans are
 * half-open [start, end). `iss` is the RFC 7638 thumbprint of the signing key.
 */
export const STATEMENT_TYPES = ['delegation+jwt', 'ticket+jwt', 'lease+jwt', 'receipt+jwt'] as const;
export type StatementType = (typeof STATEMENT_TYPES)[number];

/** Bounds that hold before anything is parsed, and the clock skew that is forgiven. */
export { MAX_CHAIN_LINKS, MAX_CLEARS, MAX_DELEGATION_BYTES, MAX_STATEMENT_BYTES, SKEW_SECONDS };

const seconds = z.int().min(0).max(4_102_444_800); // until 2100
const thumbprint = z.string().regex(/^[A-Za-z0-9_-]{43}$/);
const id = z.string().regex(/^[A-Za-z0-9_-]{16,64}$/);
/** base64url of a SHA-256 */
const sha256 = thumbprint;
const urn = z.string().max(256).startsWith('urn:publicid:IDN+');
const compact = z.string().min(1).max(MAX_STATEMENT_BYTES);
// What is signed is understood whole: an unknown member in an amount is refused, not dropped.
const hardAmounts = z.strictObject(HardAmountsSchema.shape);
const resourceVector = z.strictObject(ResourceVectorSchema.shape);

/** Ed25519 public key as JWK. Travels in delegations, so that a node verifies a chain by itself. */
export const PublicJwkSchema = z.strictObject({ kty: z.literal('OKP'), crv: z.literal('Ed25519'), x: thumbprint });
export type PublicJwk = z.infer<typeof PublicJwkSchema>;

export const DelegationClaims = z.strictObject({
  iss: thumbprint,
  jti: id,
  /** The node whose resources these are. */
  node: urn,
  /** Whoever may issue from this: the grantee's key. */
  grantee: PublicJwkSchema,
  granteeUrn: urn,
  rights: hardAmounts,
  /** Degree of oversubscription in thousandths: 1000 = none. */
  degreeMilli: z.int().min(1000).max(100_000),
  incarnation: id,
  nbf: seconds,
  exp: seconds,
  /** SHA-256 of the text of the delegation that this one narrows; absent at the root, which the node itself signed. */
  parent: sha256.optional(),
  /**
   * Which of the issuer's delegations to this grantee take each other's place: those of one line share one book, so that renewing,
   * narrowing or widening one never starts an empty one. Absent: the grantee's thumbprint.
   */
  line: id.optional(),
});

export const TicketClaims = z.strictObject({
  iss: thumbprint,
  jti: id,
  /** Principal: the user's URN */
  sub: urn,
  /** The key that may present it */
  cnf: z.strictObject({ jkt: thumbprint }),
  /** The node's URN */
  aud: urn,
  slice: urn,
  resources: resourceVector,
  /** Lease term [start, end) and the grace after it in which the sliver is kept stopped. */
  start: seconds,
  end: seconds,
  graceSeconds: z.int().min(0).max(2_592_000),
  /** Redeem window [nbf, exp) */
  nbf: seconds,
  exp: seconds,
  /** jti of the predecessor that this one renews */
  replaces: id.optional(),
  /** The delegations under which it is issued, as compact JWS: root first, the issuer's own last. */
  chain: z.array(z.string().min(1).max(MAX_DELEGATION_BYTES)).min(1).max(MAX_CHAIN_LINKS),
  /** Receipts of nodes, as compact JWS: what this ticket issues again was free. */
  clears: z.array(compact).min(1).max(MAX_CLEARS).optional(),
});

export const LeaseClaims = z.strictObject({
  iss: thumbprint,
  jti: id,
  node: urn,
  incarnation: id,
  slice: urn,
  sliver: urn,
  /** Only this key (or the node's owner) may change the lease. */
  cnf: z.strictObject({ jkt: thumbprint }),
  sub: urn,
  resources: resourceVector,
  start: seconds,
  end: seconds,
  graceSeconds: z.int().min(0).max(2_592_000),
  ticket: z.strictObject({ iss: thumbprint, jti: id }),
  iat: seconds,
});

export const RECEIPT_KINDS = ['released', 'refused', 'lapsed', 'burnt', 'standing', 'revoked'] as const;

const receiptOf = { iss: thumbprint, jti: id, node: urn, incarnation: id };

/** A node's word on one ticket: its lease was released, it was refused, the lease lapsed, it was burnt unredeemed. */
export const TicketReceiptClaims = z.strictObject({
  ...receiptOf,
  kind: z.enum(['released', 'refused', 'lapsed', 'burnt']),
  slice: urn,
  ticket: z.strictObject({ iss: thumbprint, jti: id }),
  lease: id.optional(),
  /** Typed reason */
  code: z.string().max(64),
  facts: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null(), z.array(z.string())])),
  /** Since when */
  since: seconds,
  iat: seconds,
});

/** Tickets in one standing: with the longest that a node signs, a ticket that carries it has room for a chain. */
export const MAX_STANDING = { live: 640, ended: 128, revoked: 32 } as const;

/**
 * A node's word on all that one issuer has there, as of `asOf`: what of its tickets holds a lease, and which ended though their redeem
 * window may still be open. So every ticket of that issuer whose window (and the skew) was over by then and that is not
 * listed as live holds nothing, for ever; nor do those listed as ended. Live tickets are named by the last eight characters of their ids,
 * so that many fit: whoever gives two of his tickets ids that end alike only clears less. What clears is named whole.
 */
export const StandingReceiptClaims = z.strictObject({
  ...receiptOf,
  kind: z.literal('standing'),
  issuer: thumbprint,
  asOf: seconds,
  live: z.array(z.string().regex(/^[A-Za-z0-9_-]{8}$/)).max(MAX_STANDING.live),
  ended: z.array(id).max(MAX_STANDING.ended),
  /** That issuer's delegations that were taken back: nothing new is leased under them, and what was ends by `until`. */
  revoked: z.array(z.strictObject({ jti: id, until: seconds })).max(MAX_STANDING.revoked),
  iat: seconds,
});

/** A node's word that a delegation was taken back: nothing new is leased under it since then, and what was ends by `until`. */
export const RevokedReceiptClaims = z.strictObject({
  ...receiptOf,
  kind: z.literal('revoked'),
  delegation: z.strictObject({ iss: thumbprint, jti: id }),
  since: seconds,
  /** The latest end, grace included, of a lease under it; `since` when there is none. */
  until: seconds,
  iat: seconds,
});

export const ReceiptClaims = z.discriminatedUnion('kind', [
  TicketReceiptClaims,
  StandingReceiptClaims,
  RevokedReceiptClaims,
]);

export type DelegationClaims = z.infer<typeof DelegationClaims>;
export type TicketClaims = z.infer<typeof TicketClaims>;
export type LeaseClaims = z.infer<typeof LeaseClaims>;
export type ReceiptClaims = z.infer<typeof ReceiptClaims>;
export type TicketReceiptClaims = z.infer<typeof TicketReceiptClaims>;
export type StandingReceiptClaims = z.infer<typeof StandingReceiptClaims>;
export type RevokedReceiptClaims = z.infer<typeof RevokedReceiptClaims>;

/** Which claims each type of statement carries. */
export type ClaimsOf = {
  'delegation+jwt': DelegationClaims;
  'ticket+jwt': TicketClaims;
  'lease+jwt': LeaseClaims;
  'receipt+jwt': ReceiptClaims;
};
