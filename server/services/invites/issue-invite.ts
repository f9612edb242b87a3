import { insertInvite, lockInvitesOf, revokeSame } from '@/server/data/invites';
import type { Tx } from '@/server/db';
import type { Role } from '../policy';
import { hashSecret, mintSecret } from '../secret-token';

const TTL_MS = 7 * 86_400_000;

/** Writes the invite and answers its secret, which is stored nowhere. Earlier open invites to the same end stop working. */
export async function issueInvite(
  tx: Tx,
  invite: { email: string; siteId: string | null; role: Role | null; operator: boolean; invitedById: string | null },
  now: Date,
) {
  const email = invite.email.trim().toLowerCase();
  const token = mintSecret();
  const { email: _, invitedById, ...place } = invite;
  await lockInvitesOf(tx, email); // of two at the same time, the later ends the earlier
  await revokeSame(tx, { email, ...place }, now);
  const row = await insertInvite(tx, {
    ...place,
    email,
    invitedById,
    tokenHash: hashSecret(token),
    createdAt: now,
    expiresAt: new Date(now.getTime() + TTL_MS),
  });
  return { id: row.id, token, expiresAt: row.expiresAt };
}

/** The page that accepts. It sends no referrer; the token works once and for seven days. */
export const inviteLink = (origin: string, token: string): string => `${origin}/invite/${token}`;
