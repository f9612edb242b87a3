import { z } from 'zod';
import { EnrolmentToken } from './enrolment-token';
import { decodeLine, encodeLine } from './one-line';

const PREFIX = 'mrp1.';

/** The authority of a deployment, as in its URNs. */
export const Authority = z.string().regex(/^[A-Za-z0-9.-]{1,64}$/, 'may hold letters, digits, dots and hyphens');

/** What a partner token says: who invites, where its agent is, which CA it must show, who may use it, and the one-time secret. */
export const PartnerToken = z.strictObject({
  v: z.literal(1),
  /** The authority that invites. */
  authority: Authority,
  /** The authority that may join. */
  partner: Authority,
  agent: EnrolmentToken.shape.agent,
  ca: EnrolmentToken.shape.ca,
  secret: EnrolmentToken.shape.secret,
});
export type PartnerToken = z.infer<typeof PartnerToken>;

/** The token as one line of text, to be sent to the partner's operator. */
export function encodePartnerToken(token: PartnerToken): string {
  return encodeLine(PREFIX, PartnerToken, token);
}

/** Reads a token; surrounding white space is forgiven. Throws Refused TOKEN_INVALID that says what is wrong, never the secret. */
export function decodePartnerToken(text: string): PartnerToken {
  return decodeLine(PREFIX, PartnerToken, text);
}
