import { z } from 'zod';
import { isoTime, plainText, statement, statementId, thumbprint, urn } from '../node-manager/schemas';
import { ResourceVectorSchema } from '../resources';
import { PublicJwkSchema } from '../statement/schemas';

/** What an agent does for a person's own service manager. */

/** A certificate by proof of a registered and approved key; works also after the last one lapsed. */
export const CertifyPrincipalInput = z.object({
  /** The person's */
  urn,
  publicKey: PublicJwkSchema,
  /** epoch seconds, within 300 s of the agent's clock */
  at: z.int(),
  /** base64url Ed25519 signature over principalChallenge(…) */
  proof: z.string().regex(/^[A-Za-z0-9_-]{86}$/),
});
export const CertifyPrincipalOutput = z.object({
  /** PEM */
  certificate: z.string().max(8192),
  ca: z.string().max(8192),
  notAfter: isoTime,
  agent: z.object({ urn, publicKey: PublicJwkSchema, address: z.string().max(255) }),
});

/** A slice that the caller's person is a member of and that runs by its own service manager: what was approved for it. */
export const OwnSlice = z.object({
  name: z.string().max(64),
  urn,
  state: z.string().max(32),
  startsAt: isoTime.nullable(),
  endsAt: isoTime.nullable(),
  graceSeconds: z.int(),
  slivers: z.int(),
  /** Nodes on which it holds something, or may with a ticket that is out. */
  held: z.int(),
  resources: ResourceVectorSchema,
});
export type OwnSlice = z.infer<typeof OwnSlice>;
export const OwnSlicesOutput = z.object({ slices: z.array(OwnSlice).max(1000) });

export const OwnTicketsInput = z.object({
  slice: urn.optional(),
  /** Go on after this ticket. */
  after: statementId.optional(),
  limit: z.int().min(1).max(200).default(200),
});
/** Tickets that were issued to the caller's key and are not over; `next`: where to go on, null at the end. */
export const OwnTicketsOutput = z.object({
  tickets: z
    .array(
      z.object({
        node: urn,
        slice: urn,
        iss: thumbprint,
        jti: statementId,
        ticket: statement,
        state: plainText(16),
        start: isoTime,
        end: isoTime,
        redeemBefore: isoTime,
        /** Where and as whom the node is called now; null when it is not enrolled. */
        dial: z.object({ address: z.string().max(255), jkt: thumbprint }).nullable(),
      }),
    )
    .max(200),
  next: statementId.nullable(),
});
/** Leases that the caller's key holds, as their nodes said last. */
export const OwnLeasesOutput = z.object({
  leases: z
    .array(
      z.object({
        node: urn,
        slice: urn,
        lease: statementId,
        state: plainText(16),
        start: isoTime,
        end: isoTime,
        graceSeconds: z.int(),
        seenAt: isoTime,
      }),
    )
    .max(2000),
});
