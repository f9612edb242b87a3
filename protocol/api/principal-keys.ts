import { z } from 'zod';
import { thumbprint } from '../node-manager/schemas';
import { PublicJwkSchema } from '../statement/schemas';
import * as c from './common';

/** Keys of people's own service managers. */

export const RegisterKeyInput = z.object({
  name: z
    .string()
    .trim()
    .min(1, 'Give the key a name.')
    .max(100)
    .refine((text) => !/[\p{Cc}]/u.test(text), 'Use a name of one line.'),
  publicKey: PublicJwkSchema,
  /** epoch seconds, within 300 s of the server's clock */
  at: z.int(),
  /** base64url Ed25519 signature over registrationChallenge(…): whoever registers a key holds it. */
  proof: z.string().regex(/^[A-Za-z0-9_-]{86}$/),
});

export const PrincipalKeyView = z.object({
  id: c.Id,
  name: z.string(),
  jkt: thumbprint,
  createdAt: z.date(),
  approvedAt: z.date().nullable(),
  approvedBy: z.string().nullable(),
  lastUsedAt: z.date().nullable(),
  revokedAt: z.date().nullable(),
});
export type PrincipalKeyView = z.infer<typeof PrincipalKeyView>;

/** As those who decide see it. */
export const DecidableKeyView = PrincipalKeyView.extend({ person: c.PersonRef, mayApprove: z.boolean() });
export type DecidableKeyView = z.infer<typeof DecidableKeyView>;

/** Where a person's own service manager begins: whom to ask, and what to pin. */
export const ManagerStart = z.object({
  /** The person's */
  urn: z.string(),
  /** SHA-256 of the deployment's CA certificate, hex */
  ca: z.string(),
  agents: z.array(z.object({ urn: z.string(), address: z.string(), jkt: thumbprint })).max(100),
});
export type ManagerStart = z.infer<typeof ManagerStart>;

/** A lease of a slice that its people run by themselves, as its node said last. */
export const HolderLeaseRow = z.object({
  node: z.string(),
  hostname: z.string(),
  lease: z.string(),
  state: z.string(),
  reason: c.Reason.nullable(),
  since: z.date(),
  endsAt: z.date(),
  seenAt: z.date(),
  /** Name of the key that holds it, and of its person; null for a key that is not known. */
  key: z.object({ name: z.string(), person: z.string() }).nullable(),
});
export type HolderLeaseRow = z.infer<typeof HolderLeaseRow>;

/**
 * principalKeys router: list → PrincipalKeyView[] · register RegisterKeyInput → PrincipalKeyView · start → ManagerStart
 *   toDecide → DecidableKeyView[] (waiting first) · approve {id} → DecidableKeyView · leases {name: slice} → HolderLeaseRow[]
 *   revoke: revocations.revoke { target: { kind: 'key', id } }
 */
