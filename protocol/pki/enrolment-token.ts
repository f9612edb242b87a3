import { createHash, randomBytes } from 'node:crypto';
import { z } from 'zod';
import { decodeLine, encodeLine } from './one-line';

const PREFIX = 'mrd1.';

/** What an enrolment token says: where the agent is, which CA it must show, which node may use it, and the one-time secret. */
export const EnrolmentToken = z.strictObject({
  v: z.literal(1),
  /** "host:port" of the agent */
  agent: z.string().regex(/^[^\s/]{1,250}:\d{1,5}$/),
  /** SHA-256 of the CA certificate's DER, hex */
  ca: z.string().regex(/^[0-9a-f]{64}$/),
  node: z.string().max(256).startsWith('urn:publicid:IDN+'),
  /** 32 random bytes, base64url */
  secret: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
});
export type EnrolmentToken = z.infer<typeof EnrolmentToken>;

/** A fresh secret and what is stored of it. The secret itself is shown once and kept nowhere. */
export function newEnrolmentSecret(): { secret: string; secretHash: string } {
  const secret = randomBytes(32).toString('base64url');
  return { secret, secretHash: enrolmentSecretHash(secret) };
}

/** What the database keeps of a token's secret: SHA-256 of its text, hex. */
export function enrolmentSecretHash(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

/** The token as one line of text to paste into a node's environment. */
export function encodeEnrolmentToken(token: EnrolmentToken): string {
  return encodeLine(PREFIX, EnrolmentToken, token);
}

/** Reads a token; surrounding white space is forgiven. Throws Refused TOKEN_INVALID that says what is wrong, never the secret. */
export function decodeEnrolmentToken(text: string): EnrolmentToken {
  return decodeLine(PREFIX, EnrolmentToken, text);
}
