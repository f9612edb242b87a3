import { z } from 'zod';
import { parseSealKey } from '@/protocol/seal';
import type { Tx } from '@/server/db';
import { DatabaseEnvironment, parseEnvironment } from '@/server/env';
import { enrolmentAuthority } from '../fleet/enrolment-authority';

const Environment = z.object({
  MERIDIAN_AUTHORITY: DatabaseEnvironment.shape.MERIDIAN_AUTHORITY,
  MERIDIAN_SEAL_KEY: z.string({ error: 'is missing: set it to 32 bytes as base64url' }).transform(parseSealKey),
});

/** How this deployment is called by others, and what their tokens pin. @throws Refused CONFIG_INVALID */
export async function inviter(db: Tx) {
  const { MERIDIAN_AUTHORITY: authority } = parseEnvironment(Environment);
  return { ...(await enrolmentAuthority(db)), authority };
}

/** Who we are to others, and with what we seal their tokens. @throws Refused CONFIG_INVALID */
export function joiner() {
  const { MERIDIAN_AUTHORITY: authority, MERIDIAN_SEAL_KEY: sealKey } = parseEnvironment(Environment);
  return { authority, sealKey };
}

/** What this deployment is called. @throws Refused CONFIG_INVALID */
export function ownAuthority(): string {
  return parseEnvironment(Environment.pick({ MERIDIAN_AUTHORITY: true })).MERIDIAN_AUTHORITY;
}
