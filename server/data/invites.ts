import type { Tx } from '@/server/db';
import type { Role } from '@/server/services/policy';

const select = {
  id: true,
  email: true,
  siteId: true,
  role: true,
  operator: true,
  expiresAt: true,
  invitedById: true,
  site: { select: { id: true, loginBase: true, name: true, country: true } },
} as const;

const open = (now: Date) => ({ acceptedAt: null, revokedAt: null, expiresAt: { gt: now } });

export function insertInvite(
  tx: Tx,
  invite: {
    email: string;
    siteId: string | null;
    role: Role | null;
    operator: boolean;
    tokenHash: string;
    invitedById: string | null;
    createdAt: Date;
    expiresAt: Date;
  },
) {
  return tx.invite.create({ data: invite, select });
}

/** The open invite of this token, or null. */
export function findOpenInvite(db: Tx, tokenHash: string, now: Date) {
  return db.invite.findFirst({ where: { tokenHash, ...open(now) }, select });
}

export function findInvite(db: Tx, id: string) {
  return db.invite.findUnique({ where: { id }, select });
}

/** False when somebody else accepted or revoked it in the meantime. */
export async function updateAccepted(tx: Tx, id: string, now: Date): Promise<boolean> {
  return (await tx.invite.updateMany({ where: { id, ...open(now) }, data: { acceptedAt: now } })).count === 1;
}

/** False when it was not open any more. */
export async function updateRevoked(tx: Tx, id: string, now: Date): Promise<boolean> {
  return (await tx.invite.updateMany({ where: { id, ...open(now) }, data: { revokedAt: now } })).count === 1;
}

/** Others who invite this address wait until the caller's transaction ends. */
export async function lockInvitesOf(tx: Tx, email: string): Promise<void> {
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`meridian invite ${email}`}, 0))`;
}

/** Ends earlier open invites of the same address to the same place: only the newest link works. */
export async function revokeSame(
  tx: Tx,
  invite: { email: string; siteId: string | null; role: Role | null; operator: boolean },
  now: Date,
): Promise<void> {
  await tx.invite.updateMany({ where: { ...invite, ...open(now) }, data: { revokedAt: now } });
}
