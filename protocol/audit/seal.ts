import { sign, verify } from 'node:crypto';
import { z } from 'zod';
import { Refused } from '@/core/errors';
import { decodeBase64url } from '@/core/statement/base64url';
import { type IdentityKey, jwkFromRaw, thumbprint, verifyKeyFromJwk } from '../statement/keys';
import type { ChainHead } from './chain';

/** A signed word of how far the audit trail was: whoever can rewrite the database cannot rewrite this. `at`: ISO 8601, UTC. */
export const AuditSeal = z.object({
  seq: z.string().regex(/^[1-9]\d{0,18}$/),
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  at: z.iso.datetime({ precision: 3 }),
  /** Raw Ed25519 public key, base64url */
  publicKey: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
  signature: z.string().regex(/^[A-Za-z0-9_-]{86}$/),
});
export type AuditSeal = z.infer<typeof AuditSeal>;

const sealText = (head: ChainHead, at: string) =>
  Buffer.from(`meridian-audit-seal-v1\n${head.seq}\n${head.hash}\n${at}\n`);

/** Seals the head with the deployment's audit key. */
export function sealHead(key: IdentityKey, head: ChainHead, now: Date): AuditSeal {
  const at = now.toISOString();
  const signature = sign(null, sealText(head, at), key.privateKey).toString('base64url');
  return { ...head, at, publicKey: key.jwk.x, signature };
}

/** Thumbprint of the key that made the seal. Throws Refused BAD_SIGNATURE when it did not, or the key is none to trust. */
export function openSeal(seal: AuditSeal): string {
  const jwk = jwkFromRaw(seal.publicKey);
  const signature = decodeBase64url(seal.signature);
  if (!verify(null, sealText(seal, seal.at), verifyKeyFromJwk(jwk).publicKey, signature))
    throw new Refused('BAD_SIGNATURE', { kid: thumbprint(jwk) });
  return thumbprint(jwk);
}
