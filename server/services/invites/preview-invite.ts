import type { z } from 'zod';
import { Refused } from '@/core/errors';
import type { InvitePreview } from '@/protocol/api/people';
import { findOpenInvite } from '@/server/data/invites';
import { findUserByEmail } from '@/server/data/people';
import type { Tx } from '@/server/db';
import { hashSecret } from '../secret-token';

/** What the holder of the link is invited to. @throws Refused INVITE_INVALID: wrong, used, revoked and expired look alike */
export async function previewInvite(db: Tx, token: string, now: Date): Promise<z.infer<typeof InvitePreview>> {
  const invite = await findOpenInvite(db, hashSecret(token), now);
  if (!invite) throw new Refused('INVITE_INVALID');
  const user = await findUserByEmail(db, invite.email);
  const { email, site, role, operator } = invite;
  return { email, site, role, operator, existingAccount: user !== null };
}
