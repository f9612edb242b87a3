import type { Tx } from '@/server/db';
import type { Person, Role } from '@/server/services/policy';

/** The person as the policy knows them; null when there is none or the account is disabled. */
export async function findPerson(db: Tx, userId: string): Promise<Person | null> {
  const user = await db.user.findUnique({
    where: { id: userId },
    select: {
      id: true,
      name: true,
      email: true,
      urn: true,
      operator: true,
      disabledAt: true,
      memberships: { select: { siteId: true, role: true, site: { select: { loginBase: true } } } },
    },
  });
  if (!user || user.disabledAt) return null;
  const { disabledAt: _, memberships, urn, ...rest } = user;
  return {
    ...rest,
    urn: urn ?? '',
    memberships: memberships.map((m) => ({ siteId: m.siteId, role: m.role, loginBase: m.site.loginBase })),
  };
}

/** Does the browser session still stand? Ended ones are deleted; the others have a time. */
export async function isSessionLive(db: Tx, id: string, now: Date): Promise<boolean> {
  return (await db.session.count({ where: { id, expiresAt: { gt: now } } })) === 1;
}

/** E-mail addresses are kept in lower case. */
export function findUserByEmail(db: Tx, email: string) {
  return db.user.findUnique({
    where: { email: email.trim().toLowerCase() },
    select: { id: true, name: true, email: true, operator: true, disabledAt: true },
  });
}

/** User URNs that are taken among `urn` and `urn-<n>`. Others wait until the caller's transaction ends. */
export async function lockUrns(tx: Tx, urn: string): Promise<Set<string>> {
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtext('meridian user urn'))`;
  const rows = await tx.user.findMany({ where: { urn: { startsWith: urn } }, select: { urn: true } });
  return new Set(rows.flatMap((row) => row.urn ?? []));
}

/** A user with a password, as better-auth's e-mail sign-in expects the two rows. */
export async function insertUser(
  tx: Tx,
  user: { id: string; name: string; email: string; urn: string; operator: boolean; passwordHash: string; now: Date },
): Promise<void> {
  const { passwordHash, now, ...data } = user;
  await tx.user.create({ data: { ...data, emailVerified: true, createdAt: now } });
  await tx.account.create({
    data: {
      id: crypto.randomUUID(),
      userId: user.id,
      accountId: user.id,
      providerId: 'credential',
      password: passwordHash,
    },
  });
}

export async function updateOperator(tx: Tx, userId: string): Promise<void> {
  await tx.user.update({ where: { id: userId }, data: { operator: true } });
}

/** Idempotent. */
export async function upsertMembership(tx: Tx, userId: string, siteId: string, role: Role): Promise<void> {
  await tx.membership.upsert({
    where: { userId_siteId_role: { userId, siteId, role } },
    create: { userId, siteId, role },
    update: {},
  });
}

/** How many memberships went: 0 or 1. */
export async function deleteMembership(tx: Tx, userId: string, siteId: string, role: Role): Promise<number> {
  return (await tx.membership.deleteMany({ where: { userId, siteId, role } })).count;
}

/** Ids of enabled people of the site in that role. */
export async function findMemberIds(db: Tx, siteId: string, role: Role): Promise<string[]> {
  const rows = await db.membership.findMany({
    where: { siteId, role, user: { disabledAt: null } },
    select: { userId: true },
  });
  return rows.map((row) => row.userId);
}

export async function findOperatorIds(db: Tx): Promise<string[]> {
  const rows = await db.user.findMany({ where: { operator: true, disabledAt: null }, select: { id: true } });
  return rows.map((row) => row.id);
}
