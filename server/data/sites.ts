import type { Tx } from '@/server/db';

/** A site's place in the policy. */
export async function findSiteFacts(db: Tx, loginBase: string) {
  const row = await db.site.findUnique({ where: { loginBase }, select: { id: true, loginBase: true } });
  return row && { siteId: row.id, loginBase: row.loginBase };
}
